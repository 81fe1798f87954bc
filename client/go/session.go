package migrated

import (
	"context"
	"errors"
	"io"
	"sync"

	"migrated.internal/client/go/migratedv1"
)

var (
	errStepEnded  = errors.New("migrated: the step has ended")
	errRolledBack = errors.New("the body rolled the transaction back")
	errLeftOpen   = errors.New("the body began a transaction and neither committed it nor rolled it back")
)

// session is the database session of one step. All connections of its sql.DB lead here, and take turns.
type session struct {
	conversation *conversation
	step         Step
	ctx          context.Context
	cancel       context.CancelCauseFunc

	mutex sync.Mutex
	// The number of the statement that was sent last.
	last uint64
	// Answers that came together with earlier ones.
	pending []*migratedv1.StatementAnswer
	// Whose rows are still to come.
	streaming *rows
	// Transactions that were begun within the step's and are not ended.
	joined int
	// Why no statement is executed any more.
	closed error
	// The daemon rolled back before the body's end.
	failed *migratedv1.StepNotExecuted
}

func newSession(ctx context.Context, c *conversation, step Step) *session {
	s := &session{conversation: c, step: step}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// over ends the body's context: the daemon has ended the step.
func (s *session) over(why error) { s.cancel(why) }

// execute sends a statement and waits for the first of its answer.
func (s *session) execute(ctx context.Context, text string, values []*migratedv1.SqlValue) (*rows, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed != nil {
		return nil, s.closed
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if before := s.streaming; before != nil {
		if err := before.takeAll(s.ctx); err != nil {
			return nil, err
		}
	}
	s.last++
	statement := &migratedv1.ClientStatement{Id: s.last, Sql: text}
	if len(values) > 0 {
		statement.Parameters = []*migratedv1.Parameters{{Values: values}}
	}
	s.conversation.say(&migratedv1.ExecuteStepRequest{Kind: &migratedv1.ExecuteStepRequest_Execute{
		Execute: &migratedv1.ExecuteStatements{Statements: []*migratedv1.ClientStatement{statement}},
	}})
	r := &rows{session: s, ctx: ctx, statement: s.last, text: text}
	s.streaming = r
	if err := r.take(ctx); err != nil {
		if ctx.Err() != nil && s.ctx.Err() == nil && s.streaming == r {
			// Nothing else cancels a statement that is running.
			s.closed = err
			s.conversation.cancel(errBrokenOff)
		}
		return nil, err
	}
	r.columns = r.first.GetColumns()
	return r, nil
}

// answer returns the next answer.
func (s *session) answer(ctx context.Context) (*migratedv1.StatementAnswer, error) {
	for len(s.pending) == 0 {
		select {
		case said := <-s.conversation.incoming:
			switch kind := said.GetKind().(type) {
			case *migratedv1.ExecuteStepResponse_Answers:
				s.pending = kind.Answers.GetAnswers()
			case *migratedv1.ExecuteStepResponse_StepFailed:
				s.failed = kind.StepFailed
				s.closed = fromFailure(s.failed.GetFailure())
				return nil, s.closed
			default:
				s.closed = own(ReasonInternal, "the daemon sent %T where an answer was due", kind).told()
				return nil, s.closed
			}
		case <-s.conversation.ended:
			s.closed = s.conversation.lostStep()
			return nil, s.closed
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	answer := s.pending[0]
	s.pending = s.pending[1:]
	return answer, nil
}

// stop lets go the rows of a statement that are still to come.
func (s *session) stop(statement uint64) {
	s.conversation.say(&migratedv1.ExecuteStepRequest{Kind: &migratedv1.ExecuteStepRequest_Stop{
		Stop: &migratedv1.StopRows{Id: statement},
	}})
}

// rollBack has the step fail, whatever its body returns.
func (s *session) rollBack() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.joined--
	if s.closed == nil {
		s.closed = errRolledBack
	}
}

// finish tells the daemon how the body ended, and returns what it failed with; nothing is executed any more.
func (s *session) finish(raised error) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case raised != nil:
	case s.closed == errRolledBack:
		raised = errRolledBack
	case s.joined > 0:
		raised = errLeftOpen
	}
	if s.streaming != nil && s.failed == nil {
		// What the daemon says of the rest, the step's end says, too.
		_ = s.streaming.letGo()
	}
	s.closed = errStepEnded
	if s.failed != nil || s.ctx.Err() != nil {
		// It is over: there is nothing left to say.
		return raised
	}
	if raised == nil {
		s.conversation.say(&migratedv1.ExecuteStepRequest{Kind: &migratedv1.ExecuteStepRequest_Done{Done: &migratedv1.StepBodyDone{}}})
	} else {
		s.conversation.say(&migratedv1.ExecuteStepRequest{Kind: &migratedv1.ExecuteStepRequest_Failed{Failed: bodyFailed(raised)}})
	}
	return raised
}

// end waits for how the step ended: nil where it is done.
func (s *session) end() (*migratedv1.StepNotExecuted, error) {
	if s.failed != nil {
		return s.failed, nil
	}
	for {
		said, err := s.conversation.next()
		if err == io.EOF {
			return nil, s.conversation.lostStep()
		}
		if err != nil {
			return nil, err
		}
		switch kind := said.GetKind().(type) {
		case *migratedv1.ExecuteStepResponse_StepFinished:
			return nil, nil
		case *migratedv1.ExecuteStepResponse_StepFailed:
			return kind.StepFailed, nil
		case *migratedv1.ExecuteStepResponse_Answers:
			// Of a statement that nobody waits for any more.
		default:
			return nil, own(ReasonInternal, "the daemon sent %T where the step's end was due", kind).told()
		}
	}
}
