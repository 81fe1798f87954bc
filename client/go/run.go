package migrated

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"migrated.internal/client/go/migratedv1"
)

// Event is one entry of a run's log. Which kind it is, its Kind tells:
//
//	switch kind := event.GetKind().(type) {
//	case *migratedv1.Event_StepFinished_:
//		log.Printf("%s is done", kind.StepFinished.GetRevision())
//	}
//
// A daemon of a later release may send kinds that this one does not know: their Kind is nil.
type Event = migratedv1.Event

// Outcome is how a run ended that did what it was asked for.
type Outcome struct {
	// RunID is the run.
	RunID string
	// State is SUCCEEDED; or RUNNING where the run that was joined goes on, but this call's own goal stands.
	State migratedv1.RunState
	// Rows are the version rows at the end.
	Rows []string
	// Applied counts the revisions that the run went through.
	Applied int
	// Nothing means that there was nothing to do.
	Nothing bool
	// Ahead are rows that lie beyond the goal: somebody newer was here.
	Ahead []string
	// Foreign are rows of branches that the goal does not know.
	Foreign []string
	// Joined means that another's run did the work.
	Joined bool
	// Duration is the daemon's own measure.
	Duration time.Duration
}

// Run is an execution of upgrade, downgrade or stamp. It belongs to the daemon: it goes on if the caller stops
// reading, and it is taken up again by [Client.Watch].
//
// A Run is read by one goroutine at a time. It lives with the context of the call that returned it.
type Run struct {
	client *Client
	ctx    context.Context
	begin  begin
	folder *manifest

	stream      *stream
	queue       []*Event
	id          string
	after       uint64
	first       uint64
	joined      bool
	goalReached bool
	// Whether the stream that is open brought events, or told that the run goes on.
	heard bool
	// Whether it brought anything after its first message: it stood.
	stood  bool
	lost   *loss
	budget time.Duration
	// What revisions in Go are executed with, and by whom, once one was asked for.
	bodies   Bodies
	executor *executor

	story   Outcome
	done    bool
	failure error
}

// ID returns the run's id.
func (r *Run) ID() string { return r.id }

// Sequence returns the number of the last event that was read: [After] it, Watch goes on.
func (r *Run) Sequence() uint64 { return r.after }

// Events yields the run's events in order, each exactly once, until the run ends. A stream that is lost is opened again
// after the last event that was read.
//
// A run that ends otherwise than well yields its *Error last, after its last event. Leaving the loop leaves the run to
// the daemon; a later loop goes on where this one stopped.
//
// If the run was joined and ends before its stream is opened again, the daemon makes another run of the same request:
// its events follow, numbered from 1 again.
func (r *Run) Events() iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for {
			event, err := r.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(event, nil) {
				r.Close()
				return
			}
		}
	}
}

// Wait reads the run to its end.
func (r *Run) Wait() (*Outcome, error) {
	for _, err := range r.Events() {
		if err != nil {
			return nil, err
		}
	}
	outcome := r.story
	return &outcome, nil
}

// Cancel asks the daemon to stop the run: its statement is cancelled in the database and rolled back. What came of it,
// the run's last event tells. It may be called while another goroutine reads.
func (r *Run) Cancel(ctx context.Context, reason string) error {
	_, err := r.client.CancelRun(ctx, r.id, reason)
	return err
}

// Close stops watching. The run goes on; reading takes it up again. Who reads to the end need not close.
func (r *Run) Close() {
	if r.stream != nil {
		r.stream.cancel(nil)
		r.stream = nil
	}
	r.queue = nil
}

// next returns the next event, io.EOF after the last one of a run that ended well, or the failure.
func (r *Run) next() (*Event, error) {
	for {
		if len(r.queue) > 0 {
			event := r.queue[0]
			r.queue = r.queue[1:]
			if r.take(event) {
				return event, nil
			}
			continue
		}
		if r.done {
			if r.failure != nil {
				return nil, r.failure
			}
			return nil, io.EOF
		}
		// Who executes the run's steps stays to its end, even where another client's goal lies beyond its own.
		if r.goalReached && r.executor == nil {
			r.story.State = migratedv1.RunState_RUN_STATE_RUNNING
			r.finish(nil, true)
			continue
		}
		if err := r.read(); err != nil {
			r.finish(err, false)
		}
	}
}

// take tells whether an event is the next one: not seen before, and with no gap before it.
func (r *Run) take(event *Event) bool {
	sequence := event.GetSequence()
	if sequence <= r.after {
		return false
	}
	if sequence > r.after+1 {
		r.queue = nil
		r.lose(own(ReasonStreamLost, "event %d came after event %d", sequence, r.after))
		return false
	}
	r.after = sequence
	r.lost = nil
	switch kind := event.GetKind().(type) {
	case *migratedv1.Event_PlanReady_:
		r.story.Rows = kind.PlanReady.GetFrom()
	case *migratedv1.Event_NothingToDo_:
		nothing := kind.NothingToDo
		r.story.Nothing, r.story.Rows = true, nothing.GetRows()
		r.story.Ahead, r.story.Foreign = nothing.GetAhead(), nothing.GetForeign()
	case *migratedv1.Event_StepFinished_:
		r.story.Applied++
		r.story.Rows = kind.StepFinished.GetRows()
	case *migratedv1.Event_ExecutorWanted_:
		r.offer(kind.ExecutorWanted)
	case *migratedv1.Event_RunFinished_:
		end := kind.RunFinished
		r.ended(end.GetState(), end.GetRows(), int(end.GetApplied()), end.GetFailure())
		r.story.Duration = end.GetDuration().AsDuration()
	}
	return true
}

// ended takes in how the run ended.
func (r *Run) ended(state migratedv1.RunState, rows []string, applied int, said *migratedv1.Failure) {
	r.story.State, r.story.Rows, r.story.Applied = state, rows, applied
	if state == migratedv1.RunState_RUN_STATE_SUCCEEDED {
		r.finish(nil, true)
		return
	}
	r.finish(fromRun(r.id, state, said, applied), true)
}

// finish notes the end; whole means that the stream was read to its end.
func (r *Run) finish(failure error, whole bool) {
	raised := r.dismiss(whole)
	var e *Error
	if raised != nil && errors.As(failure, &e) && e.cause == nil {
		// The caller's own error, so that errors.Is finds it.
		e.cause = raised
	}
	r.done, r.failure, r.queue = true, failure, nil
	r.story.RunID, r.story.Joined = r.id, r.joined
	if r.stream != nil {
		r.stream.part(whole)
		r.stream = nil
	}
}
