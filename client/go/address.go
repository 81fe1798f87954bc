package migrated

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// address is where a daemon listens.
type address struct {
	// unix is the path of a socket; empty for TCP.
	unix string
	// host and port of TCP.
	host, port string
	// secure means TLS.
	secure bool
}

// parseAddress reads http://host:port, https://host:port, host:port or unix:/path. A bare host:port speaks TLS where
// TLS is configured.
func parseAddress(text string, tls bool) (address, error) {
	wrong := own(ReasonConfigInvalid, "`%s` is no address of a daemon", text).
		next("write `http://host:port`, `https://host:port`, `host:port` or `unix:/path`")
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		path = strings.TrimPrefix(path, "//")
		if path == "" {
			return address{}, wrong
		}
		return address{unix: path}, nil
	}
	full := text
	if !strings.Contains(text, "://") {
		full = "http://" + text
		if tls {
			full = "https://" + text
		}
	}
	parsed, err := url.Parse(full)
	if err != nil {
		return address{}, wrong.because(err)
	}
	bare := full != text
	if (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "" ||
		parsed.User != nil || strings.Trim(parsed.Path, "/") != "" || (bare && parsed.Port() == "") {
		return address{}, wrong
	}
	a := address{host: parsed.Hostname(), port: parsed.Port(), secure: parsed.Scheme == "https"}
	if a.port == "" {
		a.port = "80"
		if a.secure {
			a.port = "443"
		}
	}
	return a, nil
}

// dial returns the address as gRPC's resolvers take it.
func (a address) dial() string {
	if a.unix != "" {
		return "unix:" + a.unix
	}
	return "dns:///" + net.JoinHostPort(a.host, a.port)
}

// staysHere tells whether nothing that is sent leaves the machine.
func (a address) staysHere() bool {
	if a.unix != "" || a.host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(a.host)
	return err == nil && ip.IsLoopback()
}
