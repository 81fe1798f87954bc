package migrated

import "time"

// WithSilence says after how long without a message a stream is taken for dead.
func WithSilence(length time.Duration) Option { return func(s *settings) { s.silence = length } }
