package migrated

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"migrated.internal/client/go/migratedv1"
)

// What the bodies are written in, as the daemon names it.
const language = "go"

// executor executes the steps of one run that are written in Go.
type executor struct {
	client *Client
	runID  string
	bodies Bodies
	cancel context.CancelFunc
	ended  chan struct{}
	// What the last body failed with. To be read once ended is closed.
	failure error
}

// offer begins to execute, where the run asks for what this program has.
func (r *Run) offer(wanted *migratedv1.Event_ExecutorWanted) {
	if r.bodies == nil || wanted.GetLanguage() != language {
		return
	}
	if _, known := r.bodies[wanted.GetRevision()]; !known && r.joined {
		// Another release's run: who began it has the body. In a run of our own nobody has it, and that is to be told.
		return
	}
	if r.executor != nil && r.executor.runID == r.id {
		return
	}
	r.dismiss(false)
	ctx, cancel := context.WithCancel(r.ctx)
	r.executor = &executor{client: r.client, runID: r.id, bodies: r.bodies, cancel: cancel, ended: make(chan struct{})}
	go r.executor.execute(ctx)
}

// dismiss ends the executor and returns what its last body failed with. The end of a run is told to it by the daemon, and
// a body that ends late is waited for: nothing of the caller's runs on behind its back.
func (r *Run) dismiss(whole bool) error {
	e := r.executor
	if e == nil {
		return nil
	}
	if whole {
		timer := time.NewTimer(farewell)
		defer timer.Stop()
		select {
		case <-e.ended:
		case <-timer.C:
		}
	}
	e.cancel()
	<-e.ended
	r.executor = nil
	return e.failure
}

// execute has conversations until the run ends. One that is lost is followed by another: which of the steps are left, the
// daemon knows.
func (e *executor) execute(ctx context.Context) {
	defer close(e.ended)
	defer e.cancel()
	for wait := firstPause; ; wait = min(wait*2, longestPause) {
		stepped, err := e.converse(ctx)
		if err == io.EOF || ctx.Err() != nil {
			return
		}
		if !isLoss(err) {
			e.client.wire.logger.Warn("revisions in Go cannot be executed", "run", e.runID, "error", err)
			e.failure = errors.Join(e.failure, err)
			return
		}
		if stepped {
			wait = firstPause
		}
		if pause(ctx, wait) != nil {
			return
		}
	}
}

// converse takes the steps of one conversation, and tells whether there was one. It returns io.EOF once the run has ended.
func (e *executor) converse(ctx context.Context) (stepped bool, err error) {
	conn, err := e.client.wire.connection(ctx)
	if err != nil {
		return false, err
	}
	conversation, err := openConversation(ctx, services(conn), e.runID)
	if err != nil {
		return false, err
	}
	defer conversation.cancel(nil)
	for {
		said, err := conversation.next()
		if err != nil {
			return stepped, err
		}
		if said.GetStep() == nil {
			return stepped, own(ReasonInternal, "the daemon sent %T between two steps", said.GetKind()).told()
		}
		stepped = true
		if err := e.step(conversation.current.Load()); err != nil {
			return stepped, err
		}
	}
}

// step executes one step's body, and returns what ended the conversation, if that did.
func (e *executor) step(session *session) error {
	defer session.cancel(nil)
	raised := session.finish(e.body(session))
	end, err := session.end()
	e.failure = nil
	if err != nil || end != nil && !end.GetWillRetry() {
		e.failure = raised
	}
	return err
}

// body runs the revision's function on the session.
func (e *executor) body(session *session) (err error) {
	run, err := e.bodies.of(session.step)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector{session})
	defer func() {
		if said := recover(); said != nil {
			err = &panicked{said: said, line: lineIn(session.step.Path), stack: string(debug.Stack())}
		}
		_ = db.Close()
	}()
	return run(context.WithValue(session.ctx, stepKey{}, session.step), db)
}

// panicked is the failure of a body that panicked.
type panicked struct {
	said  any
	line  uint32
	stack string
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.said) }

func (p *panicked) Unwrap() error {
	err, _ := p.said.(error)
	return err
}

// bodyFailed tells the daemon what a body failed with.
func bodyFailed(raised error) *migratedv1.StepBodyFailed {
	text := raised.Error()
	said := &migratedv1.StepBodyFailed{Message: strings.Join(strings.Fields(text), " ")}
	if said.Message == "" {
		said.Message = fmt.Sprintf("%T", raised)
	}
	if strings.Contains(strings.TrimSpace(text), "\n") {
		said.Detail = text
	}
	var panicked *panicked
	var refused *SQLError
	switch {
	case errors.As(raised, &panicked):
		said.Line, said.Detail = panicked.line, panicked.stack
	case errors.As(raised, &refused):
		said.Line = uint32(refused.Place.Line)
		if said.Detail == "" {
			said.Detail = refused.Statement
		}
	}
	return said
}
