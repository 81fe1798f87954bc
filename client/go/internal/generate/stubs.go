package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"sort"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// What a Go program imports the stubs by. It is said here and not in the .proto files, which serve every language.
const importPath = "migrated.internal/client/go/" + stubs

var plugins = []string{
	"google.golang.org/protobuf/cmd/protoc-gen-go",
	"google.golang.org/grpc/cmd/protoc-gen-go-grpc",
}

// generateStubs compiles the .proto files below the folder and runs the plugins over them.
func generateStubs(folder string) (map[string][]byte, error) {
	request, err := compile(folder)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, plugin := range plugins {
		response, err := runPlugin(plugin, request)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(plugin), err)
		}
		for _, file := range response.GetFile() {
			files[path.Join(stubs, path.Base(file.GetName()))] = []byte(file.GetContent())
		}
	}
	return files, nil
}

func compile(folder string) (*pluginpb.CodeGeneratorRequest, error) {
	found, err := filepath.Glob(filepath.Join(folder, "migrated", "v1", "*.proto"))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no .proto file below %s", folder)
	}
	names := make([]string, len(found))
	for i, file := range found {
		names[i] = "migrated/v1/" + filepath.Base(file)
	}
	sort.Strings(names)
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{folder}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(context.Background(), names...)
	if err != nil {
		return nil, err
	}
	parameter := "paths=source_relative"
	for _, name := range names {
		parameter += ",M" + name + "=" + importPath
	}
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate:  names,
		Parameter:       proto.String(parameter),
		CompilerVersion: &pluginpb.Version{Major: proto.Int32(0), Minor: proto.Int32(0), Patch: proto.Int32(0)},
	}
	seen := map[string]bool{}
	for _, file := range compiled {
		request.ProtoFile = withImports(request.ProtoFile, file, seen)
	}
	return request, nil
}

// withImports adds a file after those that it imports, each once, as plugins want them.
func withImports(
	all []*descriptorpb.FileDescriptorProto, file protoreflect.FileDescriptor, seen map[string]bool,
) []*descriptorpb.FileDescriptorProto {
	if seen[file.Path()] {
		return all
	}
	seen[file.Path()] = true
	imports := file.Imports()
	for i := range imports.Len() {
		all = withImports(all, imports.Get(i).FileDescriptor, seen)
	}
	return append(all, protodesc.ToFileDescriptorProto(file))
}

// runPlugin runs the plugin of the version that go.mod names.
func runPlugin(plugin string, request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	input, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
	if err != nil {
		return nil, err
	}
	command := exec.Command("go", "run", plugin)
	command.Stdin = bytes.NewReader(input)
	var said bytes.Buffer
	command.Stderr = &said
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, said.String())
	}
	response := &pluginpb.CodeGeneratorResponse{}
	if err := proto.Unmarshal(output, response); err != nil {
		return nil, err
	}
	if text := response.GetError(); text != "" {
		return nil, errors.New(text)
	}
	return response, nil
}
