//! The rows of a report for data frames, as Arrow IPC and as Parquet: texts, but for the line, a number, and what is true or false.
//! Sources: Apache Arrow, "IPC File Format"; Apache Parquet format.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema};

use super::rows::{self, COLUMNS};
use crate::drift::DriftReport;
use crate::error::{Error, ErrorKind, Result};

/// An Arrow IPC file.
pub(super) fn arrow(report: &DriftReport) -> Result<Vec<u8>> {
    let batch = batch(report)?;
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), batch.schema_ref())
        .map_err(|e| failed(&e))?;
    writer.write(&batch).map_err(|e| failed(&e))?;
    writer.into_inner().map_err(|e| failed(&e))
}

/// A Parquet file, not compressed.
pub(super) fn parquet(report: &DriftReport) -> Result<Vec<u8>> {
    let batch = batch(report)?;
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None)
        .map_err(|e| failed(&e))?;
    writer.write(&batch).map_err(|e| failed(&e))?;
    writer.into_inner().map_err(|e| failed(&e))
}

fn batch(report: &DriftReport) -> Result<RecordBatch> {
    let rows: Vec<Vec<Option<String>>> = rows::of(report).map(|row| row.texts()).collect();
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (i, name) in COLUMNS.iter().enumerate() {
        let cells = rows
            .iter()
            .map(|row| row.get(i).and_then(|cell| cell.as_deref()));
        let (ty, column): (DataType, ArrayRef) = match *name {
            "line" => {
                let numbers: UInt64Array = cells.map(|c| c?.parse::<u64>().ok()).collect();
                (DataType::UInt64, Arc::new(numbers))
            }
            "sensitive" | "material" | "configured" => {
                let flags: BooleanArray = cells.map(|c| Some(c? == "true")).collect();
                (DataType::Boolean, Arc::new(flags))
            }
            _ => {
                let texts: StringArray = cells.collect();
                (DataType::Utf8, Arc::new(texts))
            }
        };
        fields.push(Field::new(*name, ty, true));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| failed(&e))
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        format!("the table cannot be written: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray as _;

    use super::*;
    use crate::report::testing::full;

    #[test]
    fn an_arrow_file_holds_the_rows() {
        let bytes = arrow(&full()).unwrap();
        let reader =
            arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
        let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        holds_the_rows(&batches);
    }

    #[test]
    fn a_parquet_file_holds_the_rows() {
        let bytes = bytes::Bytes::from(parquet(&full()).unwrap());
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(bytes, 1024);
        let batches: Vec<RecordBatch> = reader.unwrap().map(Result::unwrap).collect();
        holds_the_rows(&batches);
    }

    fn holds_the_rows(batches: &[RecordBatch]) {
        let expected: Vec<Vec<Option<String>>> = rows::of(&full()).map(|row| row.texts()).collect();
        let batch = &batches[0];
        assert_eq!(batch.num_rows(), expected.len());
        let names: Vec<&String> = batch
            .schema_ref()
            .fields()
            .iter()
            .map(|f| f.name())
            .collect();
        assert_eq!(names, COLUMNS);
        for (i, name) in COLUMNS.iter().enumerate() {
            let column = batch.column(i);
            for (row, cells) in expected.iter().enumerate() {
                let cell = (!column.is_null(row)).then(|| match column.data_type() {
                    DataType::UInt64 => column
                        .as_primitive::<arrow_array::types::UInt64Type>()
                        .value(row)
                        .to_string(),
                    DataType::Boolean => column.as_boolean().value(row).to_string(),
                    _ => column.as_string::<i32>().value(row).to_owned(),
                });
                assert_eq!(cell, cells[i], "{name}, row {row}");
            }
        }
    }
}
