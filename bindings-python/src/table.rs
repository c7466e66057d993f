//! Tables through the Arrow C stream interface, without a copy of the columns.
//! Source: Apache Arrow, "The Arrow PyCapsule Interface".

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow_array::{StringArray, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use driftmgr_core::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde_json::Value;

use crate::error::exception;
use crate::json;

/// The record batches of an Arrow IPC file.
pub(crate) fn of_ipc(py: Python<'_>, file: Vec<u8>) -> PyResult<Bound<'_, PyCapsule>> {
    let reader = arrow_ipc::reader::FileReader::try_new(Cursor::new(file), None);
    let reader = reader.map_err(|error| failed(py, &error))?;
    capsule(py, Box::new(reader))
}

/// A table of rows: dictionaries, of which `columns` names the keys and the types, `text`, `count` or `flag`. What is neither stands as JSON.
#[pyfunction]
pub(crate) fn table<'py>(
    py: Python<'py>,
    rows: &Bound<'py, PyAny>,
    columns: Vec<(String, String)>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let rows: Vec<Value> = match json::from_python(rows)? {
        Value::Array(rows) => rows,
        other => vec![other],
    };
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (name, kind) in columns {
        let cells = rows.iter().map(|row| row.get(&name));
        let (data_type, array): (DataType, ArrayRef) = match kind.as_str() {
            "count" => {
                let counts: UInt64Array = cells.map(|cell| cell?.as_u64()).collect();
                (DataType::UInt64, Arc::new(counts))
            }
            "flag" => {
                let flags: BooleanArray = cells.map(|cell| cell?.as_bool()).collect();
                (DataType::Boolean, Arc::new(flags))
            }
            _ => {
                let texts: StringArray = cells.map(text).collect();
                (DataType::Utf8, Arc::new(texts))
            }
        };
        fields.push(Field::new(name, data_type, true));
        arrays.push(array);
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
    let batch = batch.map_err(|error| failed(py, &error))?;
    let schema = batch.schema();
    capsule(py, Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
}

fn text(cell: Option<&Value>) -> Option<String> {
    match cell? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn capsule(
    py: Python<'_>,
    reader: Box<dyn RecordBatchReader + Send>,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), c"arrow_array_stream")
}

fn failed(py: Python<'_>, error: &ArrowError) -> PyErr {
    let error = Error::new(
        ErrorKind::Unexpected,
        format!("the table cannot be made: {error}"),
    );
    exception(py, &error)
}
