package migrated

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"migrated.internal/client/go/migratedv1"
)

const (
	// Heartbeats come every 15 seconds; a stream that is silent for three of them is dead.
	silence = 45 * time.Second
	// How long a stream whose last message was read may take to end.
	farewell = time.Second
	// For how long a lost stream is opened again without a sign of life.
	streamBudget = 60 * time.Second
	firstPause   = 100 * time.Millisecond
)

// receive returns the next message of a stream, of whichever call.
type receive func() (*migratedv1.RunUpdate, error)

// begin opens a stream that begins a run, or watches one. The same request twice is one run, because of its id.
type begin func(ctx context.Context, api *API, graph *migratedv1.GraphRef) (receive, error)

// updates makes a receive of a stream of any of the calls that carry a run's log.
func updates[T interface{ GetUpdate() *migratedv1.RunUpdate }](
	stream interface{ Recv() (T, error) }, err error,
) (receive, error) {
	if err != nil {
		return nil, err
	}
	return func() (*migratedv1.RunUpdate, error) {
		message, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		return message.GetUpdate(), nil
	}, nil
}

// stream is an open stream, which ends when nothing comes for too long.
type stream struct {
	receive receive
	cancel  context.CancelCauseFunc
	ctx     context.Context
	timer   *time.Timer
	silence time.Duration
	// A message that was read ahead.
	first *migratedv1.RunUpdate
}

var errSilent = errors.New("the daemon was silent for too long")

func (c *Client) open(
	ctx context.Context, api *API, graph *migratedv1.GraphRef, begin begin,
) (*stream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	silence := c.silence
	s := &stream{ctx: ctx, silence: silence, timer: time.AfterFunc(silence, func() { cancel(errSilent) })}
	s.cancel = func(cause error) {
		s.timer.Stop()
		cancel(cause)
	}
	var err error
	if s.receive, err = begin(ctx, api, graph); err != nil {
		defer s.cancel(nil)
		return nil, s.blame(err)
	}
	return s, nil
}

// next returns the next message.
func (s *stream) next() (*migratedv1.RunUpdate, error) {
	if first := s.first; first != nil {
		s.first = nil
		return first, nil
	}
	update, err := s.receive()
	if err != nil {
		err = s.blame(err)
		s.cancel(nil)
		return nil, err
	}
	s.timer.Reset(s.silence)
	return update, nil
}

// blame tells a stream that we gave up, being silent, from one that the caller's context ended.
func (s *stream) blame(err error) error {
	if err != io.EOF && context.Cause(s.ctx) == errSilent {
		return own(ReasonStreamLost, "%v", errSilent)
	}
	return err
}

// part ends the stream. One that was read to its end may end by itself, so that the daemon sees a call that was read to
// its end; a daemon that takes its time is not waited for.
func (s *stream) part(whole bool) {
	if whole {
		s.timer.Reset(farewell)
		for {
			if _, err := s.receive(); err != nil {
				break
			}
		}
	}
	s.cancel(nil)
}

// loss is a loss of the stream that is not made good yet.
type loss struct {
	since time.Time
	next  time.Time
	pause time.Duration
	cause error
}

// read takes the next message of the stream into the queue, or opens the stream again. It returns what no second try
// can change.
func (r *Run) read() error {
	if r.stream == nil {
		return r.reopen()
	}
	update, err := r.stream.next()
	switch {
	case err == nil:
		r.update(update)
		return nil
	case r.ctx.Err() != nil:
		return r.left()
	case err == io.EOF:
		r.stream = nil
		if r.hasEnded() {
			return r.failure
		}
		r.lose(own(ReasonStreamLost, "the stream ended before the run did"))
		return nil
	case isLoss(err):
		r.lose(err)
		return nil
	}
	r.stream = nil
	return r.final(err)
}

func (r *Run) update(update *migratedv1.RunUpdate) {
	r.joined = r.joined || update.GetJoined()
	r.goalReached = r.goalReached || update.GetGoalReached()
	r.heard = r.heard || len(update.GetEvents()) > 0 || update.ResumeAfter != nil
	r.stood = r.stood || update.GetHeartbeat() || len(update.GetEvents()) > 0
	if id := update.GetRunId(); id != "" && id != r.id {
		// The first message; or a joined request was sent again, and its run had ended: this is another one.
		r.id, r.after, r.story = id, r.first, Outcome{}
	}
	r.queue = update.GetEvents()
	if r.lost != nil {
		// The daemon is there, and silent: that uses up no budget, however often proxies cut the stream.
		r.lost.since = time.Now()
	}
	if update.ResumeAfter != nil && r.stood {
		// The stream grew old, as all do: no loss, however long the run is silent.
		r.lost = nil
	}
}

// hasEnded asks for the run where a stream without any event shows that there is nothing left to tell of it.
func (r *Run) hasEnded() bool {
	if r.heard || r.id == "" {
		return false
	}
	run, err := r.client.GetRun(r.ctx, r.id)
	if err != nil || run.GetEndTime() == nil {
		return false
	}
	r.ended(run.GetState(), run.GetRowsAfter(), int(run.GetStepsDone()), run.GetFailure())
	return true
}

func isLoss(err error) bool {
	return errors.Is(err, ReasonStreamLost) || isTransient(err)
}

func (r *Run) lose(cause error) {
	if r.stream != nil {
		r.stream.cancel(nil)
		r.stream = nil
	}
	now := time.Now()
	if r.lost == nil {
		// The first try comes at once: most often a replica went away and another is there.
		r.lost = &loss{since: now, next: now, pause: firstPause, cause: cause}
		return
	}
	// Between half of the pause and all of it, so that many clients of one daemon do not come back at once.
	r.lost.next = now.Add(r.lost.pause/2 + rand.N(r.lost.pause/2))
	r.lost.pause = min(r.lost.pause*2, longestPause)
	r.lost.cause = cause
}

func (r *Run) reopen() error {
	if lost := r.lost; lost != nil {
		if time.Since(lost.since) > r.budget {
			return r.gaveUp(lost.cause)
		}
		if err := pause(r.ctx, time.Until(lost.next)); err != nil {
			return r.left()
		}
	}
	begin := r.begin
	// A joined request is sent again: only so does the daemon tell when this request's own goal stands. Events that
	// come again are left out.
	if r.id != "" && !r.joined {
		begin = watch(r.id, r.after)
	}
	conn, err := r.client.wire.connection(r.ctx)
	if err == nil {
		r.stream, err = r.client.open(r.ctx, services(conn), r.folder.reference(), begin)
		if err == nil {
			r.heard, r.stood = false, false
			return nil
		}
	}
	switch {
	case r.ctx.Err() != nil:
		return r.left()
	case r.folder != nil && errors.Is(err, ReasonManifestUnknown):
		r.lose(err)
		return upload(r.ctx, services(conn), r.client.project, r.folder)
	case isLoss(err):
		if r.client.wire.embedded() && conn != nil {
			// It died, and is started again, to be asked what became of the run.
			r.client.wire.forget(conn)
		}
		r.lose(err)
		return nil
	}
	return r.final(err)
}

func (r *Run) gaveUp(cause error) error {
	e := own(ReasonStreamLost, "the stream is lost and does not come back: %v", cause).because(cause)
	e.RunID = r.id
	if r.id == "" {
		return e.state("it is not known whether the run began").next("call again: it is safe")
	}
	return e.state("run %s belongs to the daemon and may still go on", r.id).next("%s", r.watchCommand())
}

// left is the failure of a reader whose context ended.
func (r *Run) left() error {
	e := interrupted(r.ctx.Err())
	if r.id == "" {
		return e
	}
	e.RunID = r.id
	if e.Reason == ReasonInterrupted {
		e.Message = "cancelled while the run was watched"
	}
	return e.state("run %s goes on: it belongs to the daemon", r.id).next("%s", r.watchCommand())
}

func (r *Run) final(err error) error {
	var e *Error
	if errors.As(err, &e) && r.id != "" && e.RunID == "" {
		e.RunID = r.id
	}
	return err
}

func (r *Run) watchCommand() string {
	return "`migratectl runs watch " + r.id + " --after " + uintText(r.after) + "`"
}
