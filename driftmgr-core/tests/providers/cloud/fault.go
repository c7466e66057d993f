package cloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Operations at which a fault can strike.
const (
	OpConfigure = "configure"
	OpRead      = "read"
	OpPlan      = "plan"
	OpCreate    = "create"
	OpUpdate    = "update"
	OpDelete    = "delete"
	OpImport    = "import"
	OpList      = "list"
)

// A fault is written `[OPERATION/]NAME[:ARGUMENT]`; the operation is `read` unless given, `any` means all.
type fault struct {
	operation, name, argument string
}

func parseFault(text string) fault {
	f := fault{operation: OpRead}
	if operation, rest, ok := strings.Cut(text, "/"); ok && !strings.Contains(operation, ":") {
		f.operation, text = operation, rest
	}
	f.name, f.argument, _ = strings.Cut(text, ":")
	return f
}

// Strike does what the provider's fault and then the object's own fault ask for at this operation.
func (c *Cloud) Strike(ctx context.Context, operation string, object Object) error {
	if err := strike(ctx, operation, c.fault); err != nil {
		return err
	}
	own, _ := object[FaultKey].(string)
	return strike(ctx, operation, own)
}

func strike(ctx context.Context, operation, text string) error {
	if text == "" {
		return nil
	}
	f := parseFault(text)
	if f.operation != operation && f.operation != "any" {
		return nil
	}
	switch f.name {
	case "print":
		noise(f.number(10 << 20))
	case "sleep":
		// Deaf to cancellation, as many a provider is.
		time.Sleep(f.seconds(60))
	case "panic":
		panic("fault on demand: panic in " + operation)
	case "panic-once":
		if f.first() {
			panic("fault on demand: first panic in " + operation)
		}
	case "kill":
		killSelf()
	case "kill-once":
		if f.first() {
			killSelf()
		}
	case "exit":
		os.Exit(int(f.number(1)))
	case "denied":
		return errors.New("AccessDenied: you are not authorized to perform this operation")
	case "throttled":
		return errors.New("ThrottlingException: Rate exceeded")
	case "throttled-once":
		if f.first() {
			return errors.New("ThrottlingException: Rate exceeded")
		}
	case "retry":
		return slowRetry(ctx, f.seconds(30))
	default:
		return fmt.Errorf("the test provider knows no fault %q", text)
	}
	return nil
}

// slowRetry backs off inside the provider and ends early when the call is cancelled.
func slowRetry(ctx context.Context, total time.Duration) error {
	select {
	case <-time.After(total):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("ThrottlingException: gave up retrying: %w", ctx.Err())
	}
}

func (f fault) number(otherwise int64) int64 {
	if n, err := strconv.ParseInt(f.argument, 10, 64); err == nil {
		return n
	}
	return otherwise
}

func (f fault) seconds(otherwise float64) time.Duration {
	n, err := strconv.ParseFloat(f.argument, 64)
	if err != nil {
		n = otherwise
	}
	return time.Duration(n * float64(time.Second))
}

// first is true for whoever creates the marker file, which outlives the process.
func (f fault) first() bool {
	marker, err := os.OpenFile(f.argument, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false
	}
	marker.Close()
	return true
}

// noise prints the given number of bytes to each of stdout and stderr.
func noise(size int64) {
	line := strings.Repeat("noise ", 170) + "\n"
	for printed := int64(0); printed < size; printed += int64(len(line)) {
		fmt.Fprint(os.Stdout, line)
		fmt.Fprint(os.Stderr, line)
	}
}

func killSelf() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
