module migrated.internal/client/go

go 1.23.0

require (
	github.com/BurntSushi/toml v1.5.0
	golang.org/x/sys v0.35.0
	google.golang.org/genproto/googleapis/rpc v0.0.0-20250818200422-3122310a409c
	google.golang.org/grpc v1.75.1
	google.golang.org/protobuf v1.36.11
)

require (
	golang.org/x/net v0.41.0 // indirect
	golang.org/x/text v0.26.0 // indirect
)
