package bed

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy is a TCP proxy whose connections can be cut.
type Proxy struct {
	// Address is host:port.
	Address string

	listener net.Listener
	mutex    sync.Mutex
	to       string
	open     map[net.Conn]struct{}
	taken    int
	limit    int64
}

// StartProxy starts a proxy to host:port, which ends with the test.
func StartProxy(tb testing.TB, to string) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{Address: listener.Addr().String(), listener: listener, to: to, open: map[net.Conn]struct{}{}}
	go p.serve()
	tb.Cleanup(func() {
		_ = listener.Close()
		p.Cut()
	})
	return p
}

func (p *Proxy) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.carry(conn)
	}
}

func (p *Proxy) carry(conn net.Conn) {
	p.mutex.Lock()
	to := p.to
	p.mutex.Unlock()
	beyond, err := net.Dial("tcp", to)
	if err != nil {
		_ = conn.Close()
		return
	}
	p.mutex.Lock()
	p.taken++
	p.open[conn], p.open[beyond] = struct{}{}, struct{}{}
	limit := p.limit
	p.limit = 0
	p.mutex.Unlock()
	done := func() {
		_, _ = conn.Close(), beyond.Close()
	}
	go func() {
		_, _ = io.Copy(beyond, conn)
		done()
	}()
	if limit > 0 {
		_, _ = io.CopyN(conn, beyond, limit)
	} else {
		_, _ = io.Copy(conn, beyond)
	}
	done()
	p.mutex.Lock()
	delete(p.open, conn)
	delete(p.open, beyond)
	p.mutex.Unlock()
}

// Cut ends all connections; new ones are taken.
func (p *Proxy) Cut() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for conn := range p.open {
		_ = conn.Close()
	}
}

// CutAfter cuts the next connection when it has brought so many bytes from beyond.
func (p *Proxy) CutAfter(bytes int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.limit = bytes
}

// Lead leads new connections to another host:port.
func (p *Proxy) Lead(to string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.to = to
}

// Taken counts the connections so far.
func (p *Proxy) Taken() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.taken
}
