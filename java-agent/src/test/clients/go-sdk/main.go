// Command go-sdk drives a virtual machine through Firecracker's own Go SDK, unmodified, and the command "firecracker" it
// finds in PATH: from the start of that process to its end. It prints a line a step and ends with status 0 if all went as
// with Firecracker.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	firecracker "github.com/firecracker-microvm/firecracker-go-sdk"
	"github.com/firecracker-microvm/firecracker-go-sdk/client/models"
	"github.com/firecracker-microvm/firecracker-go-sdk/client/operations"
	"github.com/sirupsen/logrus"
)

const (
	memoryMib     = 64
	guestCid      = 3
	guestMac      = "06:00:ac:10:00:02"
	balloonMib    = 2
	newBalloonMib = 4
	networkID     = "1" // the SDK numbers networks from 1
	rateBytes     = 10 << 20
	rateMillis    = 1000
	limit         = 2 * time.Minute
)

var (
	directory = flag.String("directory", "", "for sockets, pipes and logs")
	kernel    = flag.String("kernel", "", "to boot: one that resets on Ctrl-Alt-Del")
	root      = flag.String("root", "", "image of the root disk")
	data      = flag.String("data", "", "image of another disk")
	otherData = flag.String("other-data", "", "image that takes its place")
	tap       = flag.String("tap", "", "TAP device; without one there is no network")
)

// log is what the VMM logs, through a named pipe.
type log struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *log) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(line)
}

func (l *log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

func main() {
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for name, life := range map[string]func(context.Context) error{"ordered": ordered, "killed": killed} {
		if err := life(ctx); err != nil {
			fmt.Printf("%s: %v\n", name, err)
			os.Exit(1)
		}
	}
	fmt.Println("all as with Firecracker")
}

// ordered is a life of a machine in which everything is asked of it that the SDK knows, until Ctrl-Alt-Del.
func ordered(ctx context.Context) error {
	vmmLog := &log{}
	cfg := config("ordered")
	cfg.LogFifo = filepath.Join(*directory, "log")
	cfg.LogLevel = "Info"
	cfg.FifoLogWriter = vmmLog
	cfg.MetricsPath = filepath.Join(*directory, "metrics")
	machine, err := newMachine(ctx, cfg)
	if err != nil {
		return err
	}
	defer stop(machine)
	machine.Handlers.FcInit = machine.Handlers.FcInit.
		AppendAfter(firecracker.CreateBootSourceHandlerName, firecracker.NewCreateBalloonHandler(balloonMib, true, 1))
	if *tap != "" {
		machine.Handlers.FcInit = machine.Handlers.FcInit.
			Append(firecracker.NewSetMetadataHandler(map[string]string{"name": "ordered"}))
	}
	steps := []step{
		{"start", func() error { return machine.Start(ctx) }},
		{"state is Running", func() error { return state(ctx, machine, models.InstanceInfoStateRunning) }},
		{"pause", func() error { return machine.PauseVM(ctx) }},
		{"state is Paused", func() error { return state(ctx, machine, models.InstanceInfoStatePaused) }},
		{"resume", func() error { return machine.ResumeVM(ctx) }},
		{"state is Running again", func() error { return state(ctx, machine, models.InstanceInfoStateRunning) }},
		{"replace a disk's image", func() error { return machine.UpdateGuestDrive(ctx, "data", *otherData) }},
		{"balloon", func() error { return balloon(ctx, machine) }},
		{"version", func() error { return version(ctx, machine) }},
		{"a snapshot is refused in words", func() error { return refusedSnapshot(ctx, machine) }},
	}
	if *tap != "" {
		steps = append(steps,
			step{"limit the network", func() error { return limitNetwork(ctx, machine) }},
			step{"metadata", func() error { return metadata(ctx, machine) }})
	}
	steps = append(steps,
		step{"Ctrl-Alt-Del", func() error { return machine.Shutdown(ctx) }},
		step{"the process ends with status 0", func() error { return machine.Wait(ctx) }},
		step{"the log tells of the requests", func() error { return requestsLogged(vmmLog) }},
		step{"metrics were written", func() error { return metricsWritten(cfg.MetricsPath) }})
	return run(steps)
}

// killed is a life of a machine that ends with a signal.
func killed(ctx context.Context) error {
	machine, err := newMachine(ctx, config("killed"))
	if err != nil {
		return err
	}
	defer stop(machine)
	return run([]step{
		{"start another", func() error { return machine.Start(ctx) }},
		{"stop it", machine.StopVMM},
		{"the process ends by the signal", func() error {
			err := machine.Wait(ctx)
			if err == nil || errors.Is(err, context.DeadlineExceeded) {
				return fmt.Errorf("it ended with %v", err)
			}
			return nil
		}},
		{"its socket is gone", func() error {
			if _, err := os.Stat(machine.Cfg.SocketPath); !os.IsNotExist(err) {
				return fmt.Errorf("%s: %v", machine.Cfg.SocketPath, err)
			}
			return nil
		}},
	})
}

type step struct {
	name string
	do   func() error
}

func run(steps []step) error {
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Println(s.name)
	}
	return nil
}

func config(id string) firecracker.Config {
	cfg := firecracker.Config{
		SocketPath:      filepath.Join(*directory, id+".sock"),
		VMID:            id,
		KernelImagePath: *kernel,
		KernelArgs:      "console=ttyS0 reboot=k panic=1 pci=off",
		Drives: firecracker.NewDrivesBuilder(*root).
			AddDrive(*data, false, firecracker.WithDriveID("data")).
			Build(),
		VsockDevices: []firecracker.VsockDevice{
			{ID: "vsock", Path: filepath.Join(*directory, id+".vsock"), CID: guestCid},
		},
		MachineCfg: models.MachineConfiguration{
			VcpuCount:  firecracker.Int64(1),
			MemSizeMib: firecracker.Int64(memoryMib),
			Smt:        firecracker.Bool(false),
		},
	}
	if *tap != "" {
		cfg.MmdsVersion = firecracker.MMDSv2
		cfg.NetworkInterfaces = firecracker.NetworkInterfaces{{
			StaticConfiguration: &firecracker.StaticNetworkConfiguration{MacAddress: guestMac, HostDevName: *tap},
			AllowMMDS:           true,
		}}
	}
	return cfg
}

func newMachine(ctx context.Context, cfg firecracker.Config) (*firecracker.Machine, error) {
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	return firecracker.NewMachine(ctx, cfg, firecracker.WithLogger(logrus.NewEntry(logger)))
}

// stop sees to it that no process outlives a life that went wrong, and holds what this one writes to.
func stop(machine *firecracker.Machine) {
	_ = machine.StopVMM()
}

func state(ctx context.Context, machine *firecracker.Machine, wanted string) error {
	info, err := machine.DescribeInstanceInfo(ctx)
	if err != nil {
		return err
	}
	if got := firecracker.StringValue(info.State); got != wanted {
		return fmt.Errorf("it is %s", got)
	}
	if got := firecracker.StringValue(info.ID); got != machine.Cfg.VMID {
		return fmt.Errorf("its id is %s", got)
	}
	return nil
}

func balloon(ctx context.Context, machine *firecracker.Machine) error {
	if err := machine.UpdateBalloon(ctx, newBalloonMib); err != nil {
		return err
	}
	if err := machine.UpdateBalloonStats(ctx, 2); err != nil {
		return err
	}
	now, err := machine.GetBalloonConfig(ctx)
	if err != nil {
		return err
	}
	if firecracker.Int64Value(now.AmountMib) != newBalloonMib || now.StatsPollingIntervals != 2 {
		return fmt.Errorf("it is %+v", now)
	}
	statistics, err := machine.GetBalloonStats(ctx)
	if err != nil {
		return err
	}
	if firecracker.Int64Value(statistics.TargetMib) != newBalloonMib {
		return fmt.Errorf("it aims at %d MiB", firecracker.Int64Value(statistics.TargetMib))
	}
	return nil
}

func version(ctx context.Context, machine *firecracker.Machine) error {
	text, err := machine.GetFirecrackerVersion(ctx)
	if err == nil && !strings.HasPrefix(text, "1.") {
		return fmt.Errorf("it is %s", text)
	}
	return err
}

func refusedSnapshot(ctx context.Context, machine *firecracker.Machine) error {
	err := machine.CreateSnapshot(ctx, filepath.Join(*directory, "memory"), filepath.Join(*directory, "state"))
	var refusal *operations.CreateSnapshotBadRequest
	if !errors.As(err, &refusal) {
		return fmt.Errorf("the answer was %v", err)
	}
	if !strings.Contains(refusal.Payload.FaultMessage, "not supported") {
		return fmt.Errorf("the words are %q", refusal.Payload.FaultMessage)
	}
	return nil
}

func limitNetwork(ctx context.Context, machine *firecracker.Machine) error {
	bucket := models.TokenBucket{Size: firecracker.Int64(rateBytes), RefillTime: firecracker.Int64(rateMillis)}
	limiter := firecracker.NewRateLimiter(bucket, models.TokenBucket{
		Size: firecracker.Int64(0), RefillTime: firecracker.Int64(0),
	})
	return machine.UpdateGuestNetworkInterfaceRateLimit(ctx, networkID,
		firecracker.RateLimiterSet{InRateLimiter: limiter, OutRateLimiter: limiter})
}

func metadata(ctx context.Context, machine *firecracker.Machine) error {
	if err := machine.UpdateMetadata(ctx, map[string]string{"more": "yes"}); err != nil {
		return err
	}
	var now map[string]string
	if err := machine.GetMetadata(ctx, &now); err != nil {
		return err
	}
	if len(now) != 2 || now["name"] != "ordered" || now["more"] != "yes" {
		return fmt.Errorf("it is %v", now)
	}
	return nil
}

func requestsLogged(vmmLog *log) error {
	for _, wanted := range []string{
		"The API server received a Put request on \"/boot-source\"",
		"The API server received a Patch request on \"/vm\" with body",
		"PUT /vsock: vsock_id field is deprecated.",
		"The request was executed successfully. Status code: 204 No Content.",
		"Received Error. Status code: 400 Bad Request. Message: ",
	} {
		if !strings.Contains(vmmLog.String(), wanted) {
			return fmt.Errorf("it has no %q but %q", wanted, vmmLog.String())
		}
	}
	return nil
}

func metricsWritten(path string) error {
	lines, err := os.ReadFile(path)
	if err == nil && !bytes.Contains(lines, []byte("\"utc_timestamp_ms\"")) {
		return fmt.Errorf("they are %q", lines)
	}
	return err
}
