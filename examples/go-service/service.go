package main

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// service keeps notes in a database.
type service struct {
	database *sql.DB
	// Closed when the schema is there.
	ready chan struct{}
}

type note struct {
	ID      int64     `json:"id"`
	Text    string    `json:"text"`
	Created time.Time `json:"created"`
}

func newService(url string) (*service, error) {
	database, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	return &service{database: database, ready: make(chan struct{})}, nil
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	// It lives: the platform need not start it again.
	mux.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	// It may be sent requests.
	mux.Handle("GET /readyz", s.whenReady(func(http.ResponseWriter, *http.Request) {}))
	mux.Handle("GET /notes", s.whenReady(s.list))
	mux.Handle("POST /notes", s.whenReady(s.add))
	return mux
}

// whenReady answers 503 until the schema is there.
func (s *service) whenReady(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-s.ready:
			next(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "the schema is not there yet", http.StatusServiceUnavailable)
		}
	})
}

func (s *service) list(w http.ResponseWriter, r *http.Request) {
	rows, err := s.database.QueryContext(r.Context(), "SELECT id, text, created FROM notes ORDER BY id")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = rows.Close() }()
	all := []note{}
	for rows.Next() {
		var one note
		if err := rows.Scan(&one.ID, &one.Text, &one.Created); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, http.StatusOK, all)
}

func (s *service) add(w http.ResponseWriter, r *http.Request) {
	var one note
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&one); err != nil || one.Text == "" {
		http.Error(w, `send {"text": "…"}`, http.StatusBadRequest)
		return
	}
	row := s.database.QueryRowContext(r.Context(), "INSERT INTO notes (text) VALUES ($1) RETURNING id, created", one.Text)
	if err := row.Scan(&one.ID, &one.Created); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, http.StatusCreated, one)
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
