// Package cloud is the pretended cloud of the test providers: one JSON file.
//
//	{"objects": {"<type>": {"<id>": {"<attribute>": <value>, ...}}}}
//
// A test edits the file to change reality. An absent attribute is null, an absent
// object was deleted, and an absent or unreadable file is a cloud that is down.
package cloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"
)

// Object holds the attributes of one object; numbers are json.Number, so that they stay exact.
type Object map[string]any

// FaultKey is the one key of an object that is not an attribute.
const FaultKey = "fault"

// Cloud is one cloud file together with the provider-wide fault of its configuration.
type Cloud struct {
	path  string
	fault string
	log   string
	logMu sync.Mutex

	// What was read last, and of which file: reads of many objects need not parse it anew.
	readMu sync.Mutex
	read   *file
	readOf fs.FileInfo
}

type file struct {
	Objects map[string]map[string]Object `json:"objects"`
}

// New describes a cloud; nothing is opened before the first operation.
// The log, when its path is not empty, gets one line at the begin and end of each operation.
func New(path, fault, log string) *Cloud {
	return &Cloud{path: path, fault: fault, log: log}
}

// Get returns an object, or nil when the cloud has none of that name.
func (c *Cloud) Get(kind, id string) (Object, error) {
	f, err := c.current()
	if err != nil {
		return nil, err
	}
	return maps.Clone(f.Objects[kind][id]), nil
}

// IDs lists the objects of a type in order of their id.
func (c *Cloud) IDs(kind string) ([]string, error) {
	f, err := c.current()
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(f.Objects[kind]))
	for id := range f.Objects[kind] {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids, nil
}

// Create stores a new object under `wanted`, or under `wanted-2`, `-3` … when that id is taken.
// The object is completed by `finish` once its id is known.
func (c *Cloud) Create(kind, wanted string, finish func(id string) Object) (string, error) {
	id := wanted
	err := c.update(func(f *file) error {
		for n := 2; ; n++ {
			if _, taken := f.Objects[kind][id]; !taken {
				break
			}
			id = fmt.Sprintf("%s-%d", wanted, n)
		}
		f.put(kind, id, finish(id))
		return nil
	})
	return id, err
}

// Update replaces the attributes of an object that exists; its fault stays.
func (c *Cloud) Update(kind, id string, object Object) error {
	return c.update(func(f *file) error {
		old, ok := f.Objects[kind][id]
		if !ok {
			return fmt.Errorf("NotFound: %s %q does not exist", kind, id)
		}
		if fault, ok := old[FaultKey]; ok {
			object[FaultKey] = fault
		}
		f.put(kind, id, object)
		return nil
	})
}

// Delete removes an object; removing what is not there is no error.
func (c *Cloud) Delete(kind, id string) error {
	return c.update(func(f *file) error {
		delete(f.Objects[kind], id)
		return nil
	})
}

func (f *file) put(kind, id string, object Object) {
	if f.Objects == nil {
		f.Objects = map[string]map[string]Object{}
	}
	if f.Objects[kind] == nil {
		f.Objects[kind] = map[string]Object{}
	}
	f.Objects[kind][id] = object
}

// current is the cloud as its file says now, for those who do not change it.
func (c *Cloud) current() (*file, error) {
	c.readMu.Lock()
	defer c.readMu.Unlock()
	info, err := os.Stat(c.path)
	if err != nil {
		return nil, fmt.Errorf("ServiceUnavailable: the cloud cannot be reached: %w", err)
	}
	known := c.readOf
	if known == nil || !os.SameFile(known, info) || known.ModTime() != info.ModTime() || known.Size() != info.Size() {
		read, err := c.load()
		if err != nil {
			return nil, err
		}
		c.read, c.readOf = read, info
	}
	return c.read, nil
}

func (c *Cloud) load() (*file, error) {
	data, err := os.ReadFile(c.path)
	if err != nil {
		return nil, fmt.Errorf("ServiceUnavailable: the cloud cannot be reached: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	f := &file{}
	if err := decoder.Decode(f); err != nil {
		return nil, fmt.Errorf("ServiceUnavailable: the cloud file %s is not valid: %w", c.path, err)
	}
	return f, nil
}

// update changes the file under a lock of its own and by rename, so that readers need no lock.
func (c *Cloud) update(change func(*file) error) error {
	lock, err := os.OpenFile(c.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("ServiceUnavailable: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("locking the cloud: %w", err)
	}
	f, err := c.load()
	if errors.Is(err, fs.ErrNotExist) {
		f = &file{}
	} else if err != nil {
		return err
	}
	if err := change(f); err != nil {
		return err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(f); err != nil {
		return err
	}
	next := fmt.Sprintf("%s.%d.new", c.path, os.Getpid())
	if err := os.WriteFile(next, out.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(next, filepath.Clean(c.path))
}

// Trace writes "<pid> <operation> <type> <id> begin" to the log, and the end when the returned function is called.
// Tests count processes and simultaneous reads with it.
func (c *Cloud) Trace(operation, kind, id string) func() {
	c.trace(operation, kind, id, "begin")
	return func() { c.trace(operation, kind, id, "end") }
}

func (c *Cloud) trace(words ...string) {
	if c.log == "" {
		return
	}
	c.logMu.Lock()
	defer c.logMu.Unlock()
	out, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer out.Close()
	fmt.Fprintf(out, "%d %s\n", os.Getpid(), strings.Join(words, " "))
}
