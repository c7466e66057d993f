//! A table in memory with the wire format of Tablestore: protobuf around rows in "PlainBuffer", as the documentation describes both.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::wire::Reply;

/// A row: its columns.
type Row = BTreeMap<String, String>;

pub(in crate::backends) struct Rows {
    table: &'static str,
    rows: Mutex<BTreeMap<String, Row>>,
}

impl Rows {
    pub(in crate::backends) fn new(table: &'static str) -> Self {
        Self {
            table,
            rows: Mutex::default(),
        }
    }

    /// A column of a row.
    pub(in crate::backends) fn get(&self, key: &str, column: &str) -> Option<String> {
        self.rows.lock().unwrap().get(key)?.get(column).cloned()
    }

    /// Writes a row past all rules.
    pub(in crate::backends) fn put(&self, key: &str, column: &str, value: &str) {
        let row = Row::from([(column.to_owned(), value.to_owned())]);
        self.rows.lock().unwrap().insert(key.to_owned(), row);
    }

    pub(in crate::backends) fn keys(&self) -> Vec<String> {
        self.rows.lock().unwrap().keys().cloned().collect()
    }

    /// Empties the table.
    pub(in crate::backends) fn forget(&self) {
        self.rows.lock().unwrap().clear();
    }

    /// Answers a request whose signature was verified.
    pub(in crate::backends) fn answer(&self, path: &str, body: &[u8]) -> Reply {
        let message = fields(body);
        if text(&message, 1) != self.table {
            return failure(404, "OTSObjectNotExist", "Requested table does not exist.");
        }
        match path {
            "/DescribeTable" => Reply::new(200, self.description()),
            "/GetRow" => self.read(&message),
            "/PutRow" => self.write(&message),
            "/DeleteRow" => self.remove(&message),
            _ => failure(400, "OTSUnsupportOperation", "Unsupported operation."),
        }
    }

    /// A table with one key, a string.
    fn description(&self) -> Vec<u8> {
        let key = [bytes(1, b"LockID"), number(2, 2)].concat();
        let meta = [bytes(1, self.table.as_bytes()), bytes(2, &key)].concat();
        let throughput = [bytes(1, &unit()), number(2, 1)].concat();
        // They live for ever, in one version.
        let options = [number(1, u64::MAX), number(2, 1), number(5, 86_400)].concat();
        [
            bytes(1, &meta),
            bytes(2, &throughput),
            bytes(3, &options),
            number(4, 1),
        ]
        .concat()
    }

    fn read(&self, message: &[(u64, Field)]) -> Reply {
        let (key, _) = row(&blob(message, 2), false);
        let wanted: Vec<String> = message
            .iter()
            .filter(|(tag, _)| *tag == 3)
            .map(|(_, field)| field.text())
            .collect();
        let rows = self.rows.lock().unwrap();
        let row = rows.get(&key).map(|row| {
            let all = row.iter().filter(|(name, _)| wanted.contains(name));
            written(&key, all)
        });
        let consumed = bytes(1, &bytes(1, &unit()));
        Reply::new(200, [consumed, bytes(2, &row.unwrap_or_default())].concat())
    }

    fn write(&self, message: &[(u64, Field)]) -> Reply {
        let (key, columns) = row(&blob(message, 2), false);
        let mut rows = self.rows.lock().unwrap();
        if let Err(reply) = check(&blob(message, 3), rows.get(&key)) {
            return *reply;
        }
        rows.insert(key, columns);
        Reply::new(200, bytes(1, &bytes(1, &unit())))
    }

    fn remove(&self, message: &[(u64, Field)]) -> Reply {
        let (key, _) = row(&blob(message, 2), true);
        let mut rows = self.rows.lock().unwrap();
        if let Err(reply) = check(&blob(message, 3), rows.get(&key)) {
            return *reply;
        }
        rows.remove(&key);
        Reply::new(200, bytes(1, &bytes(1, &unit())))
    }
}

/// Whether a condition holds for the row that is there.
fn check(condition: &[u8], there: Option<&Row>) -> Result<(), Box<Reply>> {
    let condition = fields(condition);
    let refused = || {
        Err(Box::new(failure(
            403,
            "OTSConditionCheckFail",
            "Condition check failed.",
        )))
    };
    if matches!((integer(&condition, 1), there), (1, None) | (2, Some(_))) {
        return refused();
    }
    let filter = blob(&condition, 2);
    if filter.is_empty() {
        return Ok(());
    }
    let filter = fields(&filter);
    assert_eq!(integer(&filter, 1), 1, "one column");
    let single = fields(&blob(&filter, 2));
    assert_eq!(integer(&single, 1), 1, "equality");
    let (name, value) = (text(&single, 2), blob(&single, 3));
    let mut reader = Reader { rest: &value };
    assert_eq!(reader.byte(), 3, "a text");
    let value = reader.sized();
    assert!(reader.rest.is_empty());
    match there.and_then(|row| row.get(&name)) {
        Some(there) if there.as_bytes() == value => Ok(()),
        None if integer(&single, 4) == 0 => Ok(()),
        _ => refused(),
    }
}

/// A refusal of the service.
pub(in crate::backends) fn failure(status: u16, code: &str, message: &str) -> Reply {
    let mut reply = Reply::new(
        status,
        [bytes(1, code.as_bytes()), bytes(2, message.as_bytes())].concat(),
    );
    reply
        .headers
        .push(("x-ots-requestid".to_owned(), "0005e-1".to_owned()));
    reply
}

// Protobuf (<https://protobuf.dev/programming-guides/encoding/>).

enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

impl Field {
    fn text(&self) -> String {
        match self {
            Self::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            Self::Number(_) => panic!("no text"),
        }
    }
}

fn fields(mut rest: &[u8]) -> Vec<(u64, Field)> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        let key = varint(&mut rest);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut rest)),
            2 => {
                let length = usize::try_from(varint(&mut rest)).unwrap();
                let (head, tail) = rest.split_at(length);
                rest = tail;
                Field::Bytes(head.to_vec())
            }
            other => panic!("wire type {other}"),
        };
        all.push((key >> 3, field));
    }
    all
}

fn varint(rest: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = rest[0];
        *rest = &rest[1..];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
        shift += 7;
    }
}

fn find(message: &[(u64, Field)], tag: u64) -> Option<&Field> {
    message
        .iter()
        .find(|(t, _)| *t == tag)
        .map(|(_, field)| field)
}

fn blob(message: &[(u64, Field)], tag: u64) -> Vec<u8> {
    match find(message, tag) {
        Some(Field::Bytes(bytes)) => bytes.clone(),
        _ => Vec::new(),
    }
}

fn text(message: &[(u64, Field)], tag: u64) -> String {
    String::from_utf8(blob(message, tag)).unwrap()
}

fn integer(message: &[(u64, Field)], tag: u64) -> u64 {
    match find(message, tag) {
        Some(Field::Number(number)) => *number,
        _ => 0,
    }
}

fn raw(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn number(tag: u64, value: u64) -> Vec<u8> {
    [raw(tag << 3), raw(value)].concat()
}

fn bytes(tag: u64, value: &[u8]) -> Vec<u8> {
    [raw(tag << 3 | 2), raw(value.len() as u64), value.to_vec()].concat()
}

/// What a request took.
fn unit() -> Vec<u8> {
    [number(1, 1), number(2, 1)].concat()
}

// PlainBuffer (<https://www.alibabacloud.com/help/en/tablestore/developer-reference/plainbuffer>).

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, tail) = self.rest.split_at(count);
        self.rest = tail;
        head
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn sized(&mut self) -> &'a [u8] {
        let count = u32::from_le_bytes(self.take(4).try_into().unwrap());
        self.take(count as usize)
    }
}

/// The key and the columns of a row that was sent.
fn row(sent: &[u8], deleted: bool) -> (String, Row) {
    let mut reader = Reader { rest: sent };
    assert_eq!(reader.take(4), [0x75, 0, 0, 0], "the header");
    assert_eq!(reader.byte(), 1, "the key comes first");
    let (mut all, mut sums) = (Vec::new(), Vec::new());
    let mut keys = 0;
    loop {
        match reader.byte() {
            2 => keys = all.len(),
            3 => {
                let (cell, sum) = cell(&mut reader);
                all.push(cell);
                sums.push(sum);
            }
            8 => assert!(deleted, "no deletion"),
            9 => break,
            tag => panic!("tag {tag}"),
        }
    }
    sums.push(u8::from(deleted));
    assert_eq!(reader.byte(), crc(&sums), "the row's checksum");
    assert!(reader.rest.is_empty());
    let keys = if keys == 0 { all.len() } else { keys };
    let columns = all.split_off(keys);
    let [(name, key)] = <[_; 1]>::try_from(all).unwrap();
    assert_eq!(name, "LockID");
    (key, columns.into_iter().collect())
}

fn cell(reader: &mut Reader<'_>) -> ((String, String), u8) {
    assert_eq!(reader.byte(), 4, "a name");
    let name = reader.sized();
    assert_eq!(reader.byte(), 5, "a value");
    let value = reader.sized();
    assert_eq!(reader.byte(), 0xa, "a checksum");
    let sum = reader.byte();
    assert_eq!(sum, crc(&[name, value].concat()), "the cell's checksum");
    assert_eq!(value[0], 3, "a text");
    let text = Reader { rest: &value[1..] }.sized();
    let own = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    ((own(name), own(text)), sum)
}

/// A row as the service answers it: columns have times.
fn written<'a>(key: &str, columns: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<u8> {
    let mut sums = Vec::new();
    let mut out = vec![0x75, 0, 0, 0, 1];
    let mut add = |out: &mut Vec<u8>, name: &str, text: &str, time: Option<u64>| {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let value = [&[3][..], &length(text.as_bytes()), text.as_bytes()].concat();
        out.extend([3, 4]);
        out.extend(length(name.as_bytes()));
        out.extend(name.bytes());
        out.push(5);
        out.extend(length(&value));
        out.extend(&value);
        let mut summed = [name.as_bytes(), &value].concat();
        if let Some(time) = time {
            out.push(7);
            out.extend(time.to_le_bytes());
            summed.extend(time.to_le_bytes());
        }
        let sum = crc(&summed);
        out.extend([0xa, sum]);
        sums.push(sum);
    };
    add(&mut out, "LockID", key, None);
    let mut columns = columns.peekable();
    if columns.peek().is_some() {
        out.push(2);
    }
    for (name, text) in columns {
        add(&mut out, name, text, Some(1_700_000_000_000));
    }
    sums.push(0);
    out.extend([9, crc(&sums)]);
    out
}

/// CRC-8 by its table, as the documentation has it.
fn crc(bytes: &[u8]) -> u8 {
    let mut table = [0_u8; 256];
    for (n, entry) in table.iter_mut().enumerate() {
        let mut x = n as u8;
        for _ in 0..8 {
            x = if x & 0x80 == 0 { x << 1 } else { (x << 1) ^ 7 };
        }
        *entry = x;
    }
    bytes
        .iter()
        .fold(0, |crc, byte| table[usize::from(crc ^ byte)])
}
