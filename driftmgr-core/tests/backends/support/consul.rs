//! A server with the part of Consul's HTTP API that locks and keys need, after its documentation
//! (<https://developer.hashicorp.com/consul/api-docs/kv>, `…/txn`, `…/session`, `…/features/blocking`): checks by index and session, transactions,
//! blocking queries, sessions with a TTL and a delay, the limit of 512 KiB, tokens with policies of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::wire::{Reply, Seen, Server};

/// `kv_max_value_size` and `txn_max_req_len` as they are by default.
const LIMIT: usize = 512 * 1024;

/// How the server behaves all the time.
#[derive(Clone)]
pub(crate) struct Behaviour {
    /// Only this token is known; it may do everything but what `denied` says.
    pub(crate) token: Option<&'static str>,
    /// Keys with this in them are denied, and sessions with `session`.
    pub(crate) denied: Option<&'static str>,
    /// The longest value and transaction (bytes).
    pub(crate) limit: usize,
    /// Before the path of each request.
    pub(crate) prefix: &'static str,
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            token: None,
            denied: None,
            limit: LIMIT,
            prefix: "",
            tls: None,
        }
    }
}

#[derive(Clone, PartialEq)]
struct Entry {
    value: Vec<u8>,
    flags: u64,
    session: Option<String>,
    created: u64,
    modified: u64,
    locked: u64,
}

struct Session {
    name: String,
    ttl: Option<Duration>,
    delay: Duration,
    behaviour: String,
    /// When it ends; a server may wait up to twice the TTL, this one does not.
    ends: Option<Instant>,
}

#[derive(Default)]
struct Store {
    index: u64,
    keys: BTreeMap<String, Entry>,
    sessions: BTreeMap<String, Session>,
    /// Keys that were locked by a session that is no more, and until when they stay closed.
    delays: BTreeMap<String, Instant>,
    made: u64,
}

struct Shared {
    store: Mutex<Store>,
    changed: Condvar,
    behaviour: Behaviour,
}

/// The server. It ends with this value.
pub(crate) struct Consul {
    pub(crate) server: Server,
    shared: Arc<Shared>,
}

impl Consul {
    /// Starts one with nothing in it.
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let shared = Arc::new(Shared {
            store: Mutex::default(),
            changed: Condvar::new(),
            behaviour: behaviour.clone(),
        });
        let acting = Arc::clone(&shared);
        let server = Server::start(behaviour.tls, move |_| move |seen: &Seen| acting.act(seen));
        Self { server, shared }
    }

    /// Such as `127.0.0.1:4711`.
    pub(crate) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        let mut store = self.shared.store.lock().unwrap();
        store.expire();
        store
    }

    /// The value of a key.
    pub(crate) fn value(&self, key: &str) -> Option<Vec<u8>> {
        let store = self.store();
        Some(store.keys.get(key)?.value.clone())
    }

    /// All keys.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.store().keys.keys().cloned().collect()
    }

    /// Writes a key without asking.
    pub(crate) fn put(&self, key: &str, value: &[u8]) {
        let mut store = self.store();
        let index = store.next();
        store.set(key, value.to_vec(), 0, index);
        self.shared.changed.notify_all();
    }

    /// The session that has locked a key.
    pub(crate) fn session(&self, key: &str) -> Option<String> {
        self.store().keys.get(key)?.session.clone()
    }

    /// How many sessions there are.
    pub(crate) fn sessions(&self) -> usize {
        self.store().sessions.len()
    }

    /// Ends all sessions, as a server does whose agent is lost.
    pub(crate) fn end_sessions(&self) {
        let mut store = self.store();
        let all: Vec<String> = store.sessions.keys().cloned().collect();
        for id in all {
            store.end(&id);
        }
        self.shared.changed.notify_all();
    }

    /// Forgets that keys stay closed for a while.
    pub(crate) fn without_delays(&self) {
        self.store().delays.clear();
    }
}

impl Store {
    fn next(&mut self) -> u64 {
        self.index += 1;
        self.index
    }

    fn set(&mut self, key: &str, value: Vec<u8>, flags: u64, index: u64) {
        let old = self.keys.get(key).cloned();
        let mut new = Entry {
            value,
            flags,
            session: old.as_ref().and_then(|old| old.session.clone()),
            created: old.as_ref().map_or(index, |old| old.created),
            modified: old.as_ref().map_or(index, |old| old.modified),
            locked: old.as_ref().map_or(0, |old| old.locked),
        };
        // What does not change keeps its index.
        if old.as_ref() != Some(&new) {
            new.modified = index;
        }
        self.keys.insert(key.to_owned(), new);
    }

    /// False when somebody else has it, or it stays closed.
    fn lock(&mut self, key: &str, value: Vec<u8>, flags: u64, session: &str, index: u64) -> bool {
        let old = self.keys.get(key);
        match old.and_then(|old| old.session.as_deref()) {
            Some(holder) if holder != session => return false,
            Some(_) => {
                self.set(key, value, flags, index);
                return true;
            }
            None => {}
        }
        self.set(key, value, flags, index);
        if let Some(entry) = self.keys.get_mut(key) {
            entry.session = Some(session.to_owned());
            entry.locked += 1;
            entry.modified = index;
        }
        true
    }

    fn unlock(&mut self, key: &str, value: Vec<u8>, flags: u64, session: &str, index: u64) -> bool {
        let held = self.keys.get(key).and_then(|old| old.session.as_deref()) == Some(session);
        if held {
            self.set(key, value, flags, index);
            if let Some(entry) = self.keys.get_mut(key) {
                entry.session = None;
                entry.modified = index;
            }
        }
        held
    }

    fn is_delayed(&self, key: &str) -> bool {
        self.delays
            .get(key)
            .is_some_and(|until| Instant::now() < *until)
    }

    fn end(&mut self, id: &str) {
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        let index = self.next();
        let held: Vec<String> = self
            .keys
            .iter()
            .filter(|(_, entry)| entry.session.as_deref() == Some(id))
            .map(|(key, _)| key.clone())
            .collect();
        for key in held {
            if session.behaviour == "delete" {
                self.keys.remove(&key);
            } else if let Some(entry) = self.keys.get_mut(&key) {
                entry.session = None;
                entry.modified = index;
            }
            if !session.delay.is_zero() {
                self.delays.insert(key, Instant::now() + session.delay);
            }
        }
    }

    fn expire(&mut self) {
        let now = Instant::now();
        let over: Vec<String> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.ends.is_some_and(|ends| ends <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            self.end(&id);
        }
    }
}

fn shown(key: &str, entry: &Entry, with_value: bool) -> Value {
    let value = match with_value && !entry.value.is_empty() {
        true => json!(BASE64_STANDARD.encode(&entry.value)),
        false => Value::Null,
    };
    let mut shown = json!({
        "LockIndex": entry.locked, "Key": key, "Flags": entry.flags, "Value": value,
        "CreateIndex": entry.created, "ModifyIndex": entry.modified,
    });
    if let Some(session) = &entry.session {
        shown["Session"] = json!(session);
    }
    shown
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn text(status: u16, text: impl Into<Vec<u8>>) -> Reply {
    Reply::new(status, text)
}

fn document(value: &Value) -> Reply {
    let mut reply = Reply::new(200, value.to_string());
    let json = ("Content-Type".to_owned(), "application/json".to_owned());
    reply.headers.push(json);
    reply
}

/// Such as `15s`, `1500ms` or `1m0s`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |at| digits + at);
        let factor = match &rest[digits..unit_end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        sum += Duration::from_secs_f64(number * factor);
        rest = &rest[unit_end..];
    }
    Some(sum)
}

type Query = BTreeMap<String, String>;

impl Shared {
    fn act(&self, seen: &Seen) -> Reply {
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        let query: Query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        let path = decoded(path);
        let Some(path) = path.strip_prefix(self.behaviour.prefix) else {
            return text(404, "");
        };
        let given = seen.headers.get("x-consul-token").map(String::as_str);
        if self.behaviour.token.is_some() && given != self.behaviour.token {
            return text(403, "ACL not found");
        }
        if query.get("dc").is_some_and(|dc| dc != "dc1") {
            return text(500, "No path to datacenter");
        }
        let body = &seen.body;
        match (seen.method.as_str(), path) {
            ("PUT", "/v1/txn") => self.transaction(body),
            ("PUT", "/v1/session/create") => self.begin(body),
            (method, path) => match path.strip_prefix("/v1/kv/") {
                Some(key) => self.key(method, key, &query, body),
                None => self.session(method, path),
            },
        }
    }

    /// What the token lacks for a key.
    fn denies(&self, key: &str, permission: &str) -> Option<String> {
        let denied = self.behaviour.denied.filter(|part| key.contains(part))?;
        let _ = denied;
        Some(format!(
            "Permission denied: token with AccessorID '0-1' lacks permission '{permission}' on \"{key}\""
        ))
    }

    fn key(&self, method: &str, key: &str, query: &Query, body: &[u8]) -> Reply {
        let permission = match method {
            "GET" => "key:read",
            _ => "key:write",
        };
        if let Some(said) = self.denies(key, permission) {
            return text(403, said);
        }
        match method {
            "GET" => self.get(key, query),
            "PUT" => self.put(key, query, body),
            "DELETE" => self.delete(key, query),
            _ => text(405, ""),
        }
    }

    fn get(&self, key: &str, query: &Query) -> Reply {
        let wanted: u64 = query.get("index").map_or(0, |i| i.parse().unwrap_or(0));
        let wait = query.get("wait").and_then(|wait| duration(wait));
        let until = Instant::now() + wait.unwrap_or(Duration::from_secs(300));
        let several = query.contains_key("recurse") || query.contains_key("keys");
        let mut store = self.store.lock().unwrap();
        loop {
            store.expire();
            let found: Vec<(&String, &Entry)> = store
                .keys
                .iter()
                .filter(|(name, _)| match several {
                    true => name.starts_with(key),
                    false => *name == key,
                })
                .collect();
            let there = found.iter().map(|(_, entry)| entry.modified).max();
            let index = there.unwrap_or(store.index).max(1);
            if wanted > 0 && index <= wanted && Instant::now() < until {
                let pause = Duration::from_millis(100);
                store = self.changed.wait_timeout(store, pause).unwrap().0;
                continue;
            }
            let mut reply = match (found.is_empty(), query.contains_key("keys")) {
                (true, _) => text(404, ""),
                (false, true) => document(&cut(&found, key, query)),
                (false, false) if query.contains_key("raw") => text(200, found[0].1.value.clone()),
                (false, false) => {
                    let all = found.iter().map(|(key, entry)| shown(key, entry, true));
                    document(&all.collect())
                }
            };
            for (name, value) in [
                ("X-Consul-Index", index.to_string()),
                ("X-Consul-KnownLeader", "true".to_owned()),
                ("X-Consul-LastContact", "0".to_owned()),
            ] {
                reply.headers.push((name.to_owned(), value));
            }
            return reply;
        }
    }

    fn put(&self, key: &str, query: &Query, body: &[u8]) -> Reply {
        if key.is_empty() {
            return text(400, "Missing key name");
        }
        if let Some(refused) = self.too_large(body.len()) {
            return refused;
        }
        let number = |name: &str| query.get(name).map(|text| text.parse::<u64>());
        let flags = number("flags").unwrap_or(Ok(0)).unwrap_or(0);
        let mut store = self.store.lock().unwrap();
        store.expire();
        let index = store.next();
        let body = body.to_vec();
        let done = if let Some(session) = query.get("acquire") {
            if !store.sessions.contains_key(session) {
                return text(500, format!("invalid session \"{session}\""));
            }
            !store.is_delayed(key) && store.lock(key, body, flags, session, index)
        } else if let Some(session) = query.get("release") {
            store.unlock(key, body, flags, session, index)
        } else if let Some(expected) = number("cas") {
            let there = store.keys.get(key).map_or(0, |entry| entry.modified);
            let fits = expected == Ok(there);
            if fits {
                store.set(key, body, flags, index);
            }
            fits
        } else {
            store.set(key, body, flags, index);
            true
        };
        self.changed.notify_all();
        document(&json!(done))
    }

    fn delete(&self, key: &str, query: &Query) -> Reply {
        let mut store = self.store.lock().unwrap();
        store.expire();
        store.next();
        let mut done = true;
        if query.contains_key("recurse") {
            store.keys.retain(|name, _| !name.starts_with(key));
        } else if let Some(expected) = query.get("cas") {
            let there = store.keys.get(key).map_or(0, |entry| entry.modified);
            done = expected.parse() == Ok(there);
            if done {
                store.keys.remove(key);
            }
        } else {
            store.keys.remove(key);
        }
        self.changed.notify_all();
        document(&json!(done))
    }

    fn too_large(&self, length: usize) -> Option<Reply> {
        let limit = self.behaviour.limit;
        (length > limit).then(|| {
            text(
                413,
                format!("Request body({length} bytes) too large, max size: {limit} bytes. See https://developer.hashicorp.com/docs/agent/config/config-files#kv_max_value_size."),
            )
        })
    }

    fn transaction(&self, body: &[u8]) -> Reply {
        if let Some(refused) = self.too_large(body.len()) {
            return refused;
        }
        let Ok(Value::Array(operations)) = serde_json::from_slice(body) else {
            return text(400, "Failed to parse body");
        };
        if operations.len() > 128 {
            return text(413, "Transaction contains too many operations");
        }
        let mut store = self.store.lock().unwrap();
        store.expire();
        let before = (store.keys.clone(), store.index);
        let index = store.next();
        let mut results = Vec::new();
        let mut errors = Vec::new();
        for (at, operation) in operations.iter().enumerate() {
            let operation = &operation["KV"];
            let key = operation["Key"].as_str().unwrap_or_default();
            if let Some(said) = self.denies(key, "key:write") {
                errors.push(json!({"OpIndex": at, "What": said}));
                continue;
            }
            match self.operate(&mut store, operation, key, index) {
                Ok(None) => {}
                Ok(Some(result)) => results.push(json!({ "KV": result })),
                Err(what) => errors.push(json!({"OpIndex": at, "What": what})),
            }
        }
        if errors.is_empty() {
            self.changed.notify_all();
            return document(&json!({"Results": results, "Errors": null}));
        }
        (store.keys, store.index) = before;
        let mut reply = document(&json!({"Results": null, "Errors": errors}));
        reply.status = 409;
        reply
    }

    fn operate(
        &self,
        store: &mut Store,
        operation: &Value,
        key: &str,
        index: u64,
    ) -> Result<Option<Value>, String> {
        let number = |name: &str| {
            let text = operation[name].to_string();
            text.parse::<u64>().unwrap_or(0)
        };
        let value = operation["Value"].as_str().unwrap_or_default();
        let value = BASE64_STANDARD.decode(value).map_err(|e| e.to_string())?;
        if value.len() > self.behaviour.limit {
            return Err(format!("Value for key \"{key}\" is too large"));
        }
        let session = operation["Session"].as_str().unwrap_or_default();
        let flags = number("Flags");
        let there = store.keys.get(key).map(|entry| entry.modified);
        let stale = || format!("failed to set key \"{key}\", index is stale");
        match operation["Verb"].as_str().unwrap_or_default() {
            "set" => store.set(key, value, flags, index),
            "cas" => {
                if number("Index") != there.unwrap_or(0) {
                    return Err(stale());
                }
                store.set(key, value, flags, index);
            }
            "delete" => {
                store.keys.remove(key);
                return Ok(None);
            }
            "delete-cas" => {
                if number("Index") != there.unwrap_or(0) {
                    return Err(format!("failed to delete key \"{key}\", index is stale"));
                }
                store.keys.remove(key);
                return Ok(None);
            }
            "delete-tree" => {
                store.keys.retain(|name, _| !name.starts_with(key));
                return Ok(None);
            }
            "lock" => {
                if !store.sessions.contains_key(session) {
                    return Err(format!("invalid session \"{session}\""));
                }
                if store.is_delayed(key) {
                    return Err(format!("failed to lock key \"{key}\" due to lock delay"));
                }
                if !store.lock(key, value, flags, session, index) {
                    return Err(format!(
                        "failed to lock key \"{key}\", lock is already held"
                    ));
                }
            }
            "unlock" => {
                if !store.unlock(key, value, flags, session, index) {
                    return Err(format!(
                        "failed to unlock key \"{key}\", lock isn't held, or is held by another session"
                    ));
                }
            }
            "check-session" => {
                let holder = store.keys.get(key).map(|entry| entry.session.as_deref());
                match holder {
                    None => {
                        return Err(format!(
                            "failed to check session, key \"{key}\" doesn't exist"
                        ));
                    }
                    Some(holder) if holder.unwrap_or_default() != session => {
                        return Err(format!(
                            "failed session check for key \"{key}\", current session is not the given one"
                        ));
                    }
                    Some(_) => {}
                }
            }
            "get" => {
                let entry = store.keys.get(key);
                let entry = entry.ok_or_else(|| format!("key \"{key}\" doesn't exist"))?;
                return Ok(Some(shown(key, entry, true)));
            }
            verb => return Err(format!("unknown KV verb \"{verb}\"")),
        }
        Ok(store.keys.get(key).map(|entry| shown(key, entry, false)))
    }

    fn begin(&self, body: &[u8]) -> Reply {
        if self.behaviour.denied == Some("session") {
            return text(
                403,
                "Permission denied: token with AccessorID '0-1' lacks permission 'session:write' on \"node\"",
            );
        }
        let asked: Value = match body.is_empty() {
            true => json!({}),
            false => match serde_json::from_slice(body) {
                Ok(asked) => asked,
                Err(_) => return text(400, "Request decode failed"),
            },
        };
        let span = |name: &str| match &asked[name] {
            Value::String(text) => duration(text),
            // Nanoseconds, as Go writes them.
            Value::Number(number) => {
                let number: f64 = number.to_string().parse().unwrap_or_default();
                Some(Duration::from_secs_f64(number / 1e9))
            }
            _ => None,
        };
        let ttl = span("TTL").filter(|ttl| !ttl.is_zero());
        if ttl.is_some_and(|ttl| ttl < Duration::from_secs(10)) {
            return text(400, "Request session TTL is below 10s");
        }
        let mut store = self.store.lock().unwrap();
        store.made += 1;
        let id = format!("0e3d1b7c-0000-4000-8000-{:012x}", store.made);
        store.sessions.insert(
            id.clone(),
            Session {
                name: asked["Name"].as_str().unwrap_or_default().to_owned(),
                ttl,
                delay: span("LockDelay").unwrap_or(Duration::from_secs(15)),
                behaviour: asked["Behavior"].as_str().unwrap_or("release").to_owned(),
                ends: ttl.map(|ttl| Instant::now() + ttl),
            },
        );
        document(&json!({ "ID": id }))
    }

    fn session(&self, method: &str, path: &str) -> Reply {
        let mut store = self.store.lock().unwrap();
        store.expire();
        if let ("PUT", Some(id)) = (method, path.strip_prefix("/v1/session/renew/")) {
            let Some(session) = store.sessions.get_mut(id) else {
                return text(404, format!("Session id '{id}' not found"));
            };
            session.ends = session.ttl.map(|ttl| Instant::now() + ttl);
            let ttl = session.ttl.unwrap_or_default().as_secs();
            return document(&json!([{"ID": id, "Name": session.name, "TTL": format!("{ttl}s")}]));
        }
        if let ("PUT", Some(id)) = (method, path.strip_prefix("/v1/session/destroy/")) {
            store.end(id);
            self.changed.notify_all();
            return document(&json!(true));
        }
        text(404, "")
    }
}

/// The keys, each cut after the separator that follows the prefix.
fn cut(found: &[(&String, &Entry)], prefix: &str, query: &Query) -> Value {
    let separator = query.get("separator").map_or("", String::as_str);
    let cut = |key: &&String| {
        let rest = &key[prefix.len()..];
        let at = rest.find(separator).filter(|_| !separator.is_empty());
        at.map_or((*key).clone(), |at| {
            key[..prefix.len() + at + separator.len()].to_owned()
        })
    };
    let all: BTreeSet<String> = found.iter().map(|(key, _)| cut(key)).collect();
    json!(all)
}
