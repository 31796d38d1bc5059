package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

func newImage(s streams, connection *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "image",
		Short: "Make this tool's image without a build or a registry",
		Long: `image makes this tool's image out of the running program itself, or of another
one: no registry, no build and no Dockerfile. The image holds the program and
nothing else, and its name ends with the digest of what is in it. It takes a
static program for Linux, as go build makes it with CGO_ENABLED=0.`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newImageLoad(s, connection), newImageSave(s))
	return cmd
}

func newImageLoad(s streams, connection *genericclioptions.ConfigFlags) *cobra.Command {
	var program string
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Load the image to each node of a kind cluster",
		Long: `load brings the image to each node of the kind cluster that the kubeconfig's
context is for, unless the node has it, and prints its name. It uses the command
line of the engine that the nodes run in: docker, podman or nerdctl.

run --inside does so by itself.`,
		Example: `  shutdowncheck image load
  shutdowncheck image load --program ./shutdowncheck-linux-arm64 --context kind-test`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return interrupted(cmd.Context(), loadImage(cmd.Context(), s, connection, program))
		},
	}
	addProgramFlag(cmd, &program)
	connection.AddFlags(cmd.Flags())
	return cmd
}

func loadImage(ctx context.Context, s streams, connection *genericclioptions.ConfigFlags, program string) error {
	cluster, err := connect(connection)
	if err != nil {
		return err
	}
	found, err := findKind(ctx, cluster, contextName(connection))
	if err != nil {
		return fmt.Errorf("%w; only kind's own clusters are loaded: for others push what image save writes to a registry, and give its name as --sender-image", err)
	}
	name, err := loadProgram(ctx, found, program, s.err)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, name)
	return err
}

func newImageSave(s streams) *cobra.Command {
	var program string
	cmd := &cobra.Command{
		Use:   "save FILE",
		Short: "Write the image to a file, as docker load takes it",
		Long: `save writes the image as docker save would: for docker load, podman load, kind
load image-archive, and ctr images import. It prints the image's name. With - for
FILE the archive goes to stdout, and the name to stderr.`,
		Example: `  shutdowncheck image save shutdowncheck.tar
  shutdowncheck image save - | docker load`,
		Args: exactlyOne("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return interrupted(cmd.Context(), saveImage(s, args[0], program))
		},
	}
	addProgramFlag(cmd, &program)
	return cmd
}

func saveImage(s streams, file, program string) error {
	if file == "-" && isTerminal(s.out) {
		return usagef("-: stdout is a terminal; want a file, or a program that reads the archive")
	}
	p, err := openProgram(program, runtime.GOARCH)
	if err != nil {
		return err
	}
	defer p.close()
	told := s.out
	if file == "-" {
		told = s.err
		err = p.image.WriteArchive(s.out)
	} else {
		err = writeFile(file, p.image.WriteArchive)
	}
	if err != nil {
		return fmt.Errorf("write the image: %w", err)
	}
	_, err = fmt.Fprintln(told, p.image.Name)
	return err
}

// writeFile leaves no part of a file where it fails; what is no file, such as a pipe, stays.
func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		if info, found := os.Lstat(path); found == nil && info.Mode().IsRegular() {
			_ = os.Remove(path)
		}
		return err
	}
	return nil
}

func addProgramFlag(cmd *cobra.Command, program *string) {
	cmd.Flags().StringVar(program, "program", "", "file with the program for Linux to make the image of (default this one)")
}
