package attack

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// toldFiles are the files that a server has told, by name.
type toldFiles struct {
	byName map[string]*descriptorpb.FileDescriptorProto
	set    *descriptorpb.FileDescriptorSet
}

// whole gives the files with all that they import. A server may tell that with them, or
// leave it to be asked for.
func (r *reflectionConn) whole(ctx context.Context, files [][]byte) (*descriptorpb.FileDescriptorSet, error) {
	all := &toldFiles{map[string]*descriptorpb.FileDescriptorProto{}, &descriptorpb.FileDescriptorSet{}}
	if err := all.take(files); err != nil {
		return nil, err
	}
	read := 0
	for read < len(all.set.GetFile()) { // which grows meanwhile
		imports := all.set.GetFile()[read].GetDependency()
		read++
		for _, name := range imports {
			if all.byName[name] != nil {
				continue
			}
			if err := r.fetch(ctx, name, all); err != nil {
				return nil, err
			}
		}
	}
	return all.set, nil
}

// fetch asks for a file. Those of protobuf itself are known where a server does not tell
// them.
func (r *reflectionConn) fetch(ctx context.Context, name string, all *toldFiles) error {
	answer, err := r.ask(ctx, question{fileByFilename, name})
	if err != nil {
		return err
	}
	if err := all.take(answer.files); err != nil {
		return err
	}
	if all.byName[name] != nil {
		return nil
	}
	if known, err := protoregistry.GlobalFiles.FindFileByPath(name); err == nil && strings.HasPrefix(name, "google/protobuf/") {
		all.add(protodesc.ToFileDescriptorProto(known))
		return nil
	}
	return &untoldError{fmt.Sprintf("it does not tell %s, which is imported", toldText(name)), otherTypes}
}

func (t *toldFiles) take(files [][]byte) error {
	for _, data := range files {
		file := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(data, file); err != nil {
			return &untoldError{"it tells a file that cannot be read: " + shownMismatch(err), otherTypes}
		}
		t.add(file)
	}
	return nil
}

// add keeps the first of a name.
func (t *toldFiles) add(file *descriptorpb.FileDescriptorProto) {
	if t.byName[file.GetName()] == nil {
		t.byName[file.GetName()] = file
		t.set.File = append(t.set.File, file)
	}
}
