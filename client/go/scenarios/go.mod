module migrated.internal/client/go/scenarios

go 1.23.0

require (
	google.golang.org/protobuf v1.36.11
	gopkg.in/yaml.v3 v3.0.1
	migrated.internal/client/go v0.0.0
)

require (
	github.com/BurntSushi/toml v1.5.0 // indirect
	golang.org/x/net v0.41.0 // indirect
	golang.org/x/sys v0.35.0 // indirect
	golang.org/x/text v0.26.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20250818200422-3122310a409c // indirect
	google.golang.org/grpc v1.75.1 // indirect
)

replace migrated.internal/client/go => ../
