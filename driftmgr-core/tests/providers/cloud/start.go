package cloud

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// FaultVariable names the fault that strikes before the provider can be configured.
const FaultVariable = "DRIFTMGR_TEST_FAULT"

// StrikeAtStart is called first in main. It does not return when the fault replaces the handshake.
func StrikeAtStart() {
	f := parseFault(os.Getenv(FaultVariable))
	switch f.name {
	case "crash":
		fmt.Fprintln(os.Stderr, "fault on demand: crash at start")
		os.Exit(3)
	case "garbage":
		fmt.Println("Welcome to the test provider! This is no handshake.")
		time.Sleep(time.Hour)
	case "binary-garbage":
		os.Stdout.Write([]byte{0xff, 0xfe, 0x00, 0x01, '|', '|', '|', '|', 0x80, '\n'})
		time.Sleep(time.Hour)
	case "endless-line":
		for {
			if _, err := fmt.Print(strings.Repeat("x", 1<<16)); err != nil {
				os.Exit(1)
			}
		}
	case "silent":
		time.Sleep(time.Hour)
	case "wrong-protocol":
		fmt.Println("1|4|unix|/nonexistent/plugin|grpc|")
		time.Sleep(time.Hour)
	case "wrong-core":
		fmt.Println("2|5|unix|/nonexistent/plugin|grpc|")
		time.Sleep(time.Hour)
	case "net-rpc":
		fmt.Println("1|5|unix|/nonexistent/plugin|netrpc|")
		time.Sleep(time.Hour)
	case "no-certificate":
		fmt.Println("1|5|unix|/nonexistent/plugin|grpc|")
		time.Sleep(time.Hour)
	case "slow-start":
		time.Sleep(f.seconds(10))
	}
}

// SchemaPadding tells how many bytes of description the schema has to carry: 100 MB with `big-schema`.
func SchemaPadding() int {
	f := parseFault(os.Getenv(FaultVariable))
	if f.name != "big-schema" {
		return 0
	}
	return int(f.number(100 << 20))
}

// PaddingChunk is a description of one mebibyte at most.
func PaddingChunk(left int) string {
	return strings.Repeat("padding ", min(left, 1<<20)/8)
}
