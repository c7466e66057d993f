//! Rows as Tablestore reads and writes them, its "PlainBuffer"
//! (<https://www.alibabacloud.com/help/en/tablestore/developer-reference/plainbuffer>): rows with one key, a text, and columns of text.

use crate::error::{Error, ErrorKind, Result};

const HEADER: u32 = 0x75;
const ROW_KEY: u8 = 0x1;
const ROW_DATA: u8 = 0x2;
const CELL: u8 = 0x3;
const CELL_NAME: u8 = 0x4;
const CELL_VALUE: u8 = 0x5;
const CELL_TYPE: u8 = 0x6;
const CELL_TIMESTAMP: u8 = 0x7;
const DELETE_MARKER: u8 = 0x8;
const ROW_CHECKSUM: u8 = 0x9;
const CELL_CHECKSUM: u8 = 0xa;
/// A value that is a text.
const STRING: u8 = 0x3;

/// A row with these columns; or its key alone, to read it.
pub(super) fn row(key: (&str, &str), columns: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = Writer::new(key);
    if !columns.is_empty() {
        writer.out.push(ROW_DATA);
        for (name, value) in columns {
            writer.cell(name, value);
        }
    }
    writer.end(false)
}

/// The key of a row that is deleted.
pub(super) fn deletion(key: (&str, &str)) -> Vec<u8> {
    let mut writer = Writer::new(key);
    writer.out.push(DELETE_MARKER);
    writer.end(true)
}

/// A text as the value of a condition.
pub(super) fn value(text: &str) -> Vec<u8> {
    let mut out = vec![STRING];
    out.extend(length(text));
    out.extend(text.bytes());
    out
}

fn length(text: &str) -> [u8; 4] {
    // No text of ours is near the limit.
    u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes()
}

struct Writer {
    out: Vec<u8>,
    checksum: u8,
}

impl Writer {
    fn new((name, value): (&str, &str)) -> Self {
        let mut out = HEADER.to_le_bytes().to_vec();
        out.push(ROW_KEY);
        let mut this = Self { out, checksum: 0 };
        this.cell(name, value);
        this
    }

    fn cell(&mut self, name: &str, text: &str) {
        let value = value(text);
        self.out.extend([CELL, CELL_NAME]);
        self.out.extend(length(name));
        self.out.extend(name.bytes());
        self.out.push(CELL_VALUE);
        let size = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.out.extend(size.to_le_bytes());
        self.out.extend(&value);
        let checksum = crc8(crc8(0, name.as_bytes()), &value);
        self.out.extend([CELL_CHECKSUM, checksum]);
        self.checksum = crc8(self.checksum, &[checksum]);
    }

    fn end(mut self, deleted: bool) -> Vec<u8> {
        let checksum = crc8(self.checksum, &[u8::from(deleted)]);
        self.out.extend([ROW_CHECKSUM, checksum]);
        self.out
    }
}

/// CRC-8 with the polynomial 0x07, as it is; the table of all bytes is not worth its place for rows this short.
fn crc8(crc: u8, bytes: &[u8]) -> u8 {
    bytes.iter().fold(crc, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| match crc & 0x80 {
            0 => crc << 1,
            _ => (crc << 1) ^ 0x07,
        })
    })
}

/// The columns of a row that are texts.
///
/// # Errors
/// `Unexpected` for anything else than a row.
pub(super) fn columns(row: &[u8]) -> Result<Vec<(String, String)>> {
    let wrong = || Error::new(ErrorKind::Unexpected, "the table's row is none");
    Reader(row).columns().ok_or_else(wrong)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.bytes(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    fn text(&mut self) -> Option<String> {
        let count = self.number()?;
        String::from_utf8(self.bytes(count)?.to_vec()).ok()
    }

    /// The next byte, which is not taken.
    fn next(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn columns(mut self) -> Option<Vec<(String, String)>> {
        if self.number()? != HEADER as usize {
            return None;
        }
        let (mut columns, mut checksum, mut data) = (Vec::new(), 0, false);
        loop {
            match self.byte()? {
                ROW_KEY => data = false,
                ROW_DATA => data = true,
                CELL => {
                    let (name, value) = self.cell(&mut checksum)?;
                    if let (true, Some(value)) = (data, value) {
                        columns.push((name, value));
                    }
                }
                ROW_CHECKSUM => {
                    let fits = self.byte()? == crc8(checksum, &[0]);
                    return (fits && self.0.is_empty()).then_some(columns);
                }
                _ => return None,
            }
        }
    }

    /// A cell, without its value where that is no text.
    fn cell(&mut self, row: &mut u8) -> Option<(String, Option<String>)> {
        if self.byte()? != CELL_NAME {
            return None;
        }
        let name = self.text()?;
        let mut crc = crc8(0, name.as_bytes());
        let mut value = None;
        if self.next()? == CELL_VALUE {
            self.byte()?;
            let count = self.number()?;
            let bytes = self.bytes(count)?;
            crc = crc8(crc, bytes);
            let mut inside = Reader(bytes);
            if inside.byte()? == STRING {
                value = Some(inside.text()?);
            }
        }
        let kind = match self.next()? {
            CELL_TYPE => {
                self.byte()?;
                Some(self.byte()?)
            }
            _ => None,
        };
        if self.next()? == CELL_TIMESTAMP {
            self.byte()?;
            crc = crc8(crc, self.bytes(8)?);
        }
        crc = kind.map_or(crc, |kind| crc8(crc, &[kind]));
        let fits = self.byte()? == CELL_CHECKSUM && self.byte()? == crc;
        *row = crc8(*row, &[crc]);
        fits.then_some((name, value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_documentation() {
        // The check value of CRC-8/SMBUS, which has the same polynomial and the same beginning.
        assert_eq!(crc8(0, b"123456789"), 0xf4);
    }

    #[test]
    fn a_row_is_written_as_the_documentation_has_it() {
        let row = row(("k", "v"), &[("c", "x")]);
        let cell = |name: u8, value: u8| {
            let sum = crc8(0, &[name, STRING, 1, 0, 0, 0, value]);
            vec![
                CELL,
                CELL_NAME,
                1,
                0,
                0,
                0,
                name,
                CELL_VALUE,
                6,
                0,
                0,
                0,
                STRING,
                1,
                0,
                0,
                0,
                value,
                CELL_CHECKSUM,
                sum,
            ]
        };
        let mut expected = vec![0x75, 0, 0, 0, ROW_KEY];
        expected.extend(cell(b'k', b'v'));
        expected.push(ROW_DATA);
        expected.extend(cell(b'c', b'x'));
        let sums = [expected[24], expected[45]];
        expected.extend([ROW_CHECKSUM, crc8(0, &[sums[0], sums[1], 0])]);
        assert_eq!(row, expected);
        let deletion = deletion(("k", "v"));
        assert_eq!(deletion[..25], expected[..25]);
        assert_eq!(
            deletion[25..],
            [DELETE_MARKER, ROW_CHECKSUM, crc8(0, &[sums[0], 1])]
        );
    }

    #[test]
    fn a_row_of_the_service_has_times() {
        // A cell with a type and a time before its checksum.
        let mut row = vec![0x75, 0, 0, 0, ROW_DATA, CELL, CELL_NAME, 1, 0, 0, 0, b'c'];
        row.extend([CELL_VALUE, 6, 0, 0, 0, STRING, 1, 0, 0, 0, b'x']);
        row.extend([CELL_TIMESTAMP, 1, 2, 3, 4, 5, 6, 7, 8]);
        let sum = crc8(0, &[b'c', STRING, 1, 0, 0, 0, b'x', 1, 2, 3, 4, 5, 6, 7, 8]);
        row.extend([CELL_CHECKSUM, sum, ROW_CHECKSUM, crc8(0, &[sum, 0])]);
        let read = columns(&row).unwrap();
        assert_eq!(read, [("c".to_owned(), "x".to_owned())]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(key in ".{0,20}", text in ".{0,300}", other in ".{0,5}") {
            let row = row(("LockID", &key), &[("Info", &text), ("x", &other)]);
            let expected = [("Info".to_owned(), text), ("x".to_owned(), other)];
            prop_assert_eq!(columns(&row).unwrap(), expected);
        }

        #[test]
        fn a_damaged_row_is_none(at in 0_usize..60, bit in 0_u32..8) {
            let mut row = row(("LockID", "a/b"), &[("Info", "some text")]);
            let at = at % row.len();
            row[at] ^= 1 << bit;
            prop_assert!(columns(&row).is_err());
        }

        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = columns(&bytes);
        }
    }
}
