//! The XML of lists, of a bucket's versioning and of refusals
//! (<https://www.alibabacloud.com/help/en/oss/developer-reference/listobjectversions>,
//! <https://www.tencentcloud.com/document/product/436/31551>).

use std::time::SystemTime;

use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node};

use crate::error::{Error, ErrorKind, Result};

/// A page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// Where the next page begins: a key, and a version of it; `None` on the last one.
    pub(super) next: Option<(String, Option<String>)>,
}

/// An object, a version of it or the mark of its deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) key: String,
    pub(super) version: Option<String>,
    pub(super) latest: bool,
    pub(super) deleted: bool,
    pub(super) size: Option<u64>,
    pub(super) modified: Option<SystemTime>,
}

/// What a refusal says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Fault {
    pub(super) code: String,
    pub(super) message: Option<String>,
    pub(super) request: Option<String>,
    pub(super) host: Option<String>,
    /// The action that was not allowed.
    pub(super) action: Option<String>,
}

/// Reads a page.
///
/// # Errors
/// `Unexpected` for anything else.
pub(super) fn page(body: &[u8]) -> Result<Page> {
    let wrong = || Error::new(ErrorKind::Unexpected, "the store's list of objects is none");
    let text = std::str::from_utf8(body).map_err(|_| wrong())?;
    let document = Document::parse(text).map_err(|_| wrong())?;
    let root = document.root_element();
    let name = root.tag_name().name();
    if !matches!(
        name,
        "ListBucketResult" | "ListVersionsResult" | "ListBucketVersionsResult"
    ) {
        return Err(wrong());
    }
    let encoded = text_of(root, "EncodingType").is_some_and(|e| e.eq_ignore_ascii_case("url"));
    let name = |text: String| match encoded {
        false => Some(text),
        true => decoded(&text),
    };
    let mut items = Vec::new();
    for node in root.children() {
        let deleted = node.tag_name().name() == "DeleteMarker";
        if deleted || matches!(node.tag_name().name(), "Contents" | "Version") {
            let key = text_of(node, "Key").and_then(name).ok_or_else(wrong)?;
            items.push(item(node, key, deleted));
        }
    }
    let next = match text_of(root, "IsTruncated").as_deref() {
        Some("true") => {
            let marker = text_of(root, "NextMarker").or_else(|| text_of(root, "NextKeyMarker"));
            let last = items.last().map(|item| item.key.clone());
            let marker = marker.and_then(name).or(last).ok_or_else(wrong)?;
            Some((marker, text_of(root, "NextVersionIdMarker")))
        }
        _ => None,
    };
    Ok(Page { items, next })
}

fn item(node: Node<'_, '_>, key: String, deleted: bool) -> Item {
    let modified = text_of(node, "LastModified");
    let modified = modified.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    Item {
        key,
        deleted,
        version: text_of(node, "VersionId"),
        latest: text_of(node, "IsLatest").as_deref() == Some("true"),
        size: text_of(node, "Size").and_then(|text| text.parse().ok()),
        modified: modified.map(SystemTime::from),
    }
}

/// Whether a bucket keeps what is overwritten and deleted.
///
/// # Errors
/// `Unexpected` for anything else.
pub(super) fn is_versioned(body: &[u8]) -> Result<bool> {
    let wrong = || {
        Error::new(
            ErrorKind::Unexpected,
            "what the store says of the bucket's versioning is nothing that is known",
        )
    };
    let text = std::str::from_utf8(body).map_err(|_| wrong())?;
    let document = Document::parse(text).map_err(|_| wrong())?;
    let root = document.root_element();
    if root.tag_name().name() != "VersioningConfiguration" {
        return Err(wrong());
    }
    Ok(text_of(root, "Status").as_deref() == Some("Enabled"))
}

/// What a refusal says; nothing, where it is not the store's.
pub(super) fn fault(body: &[u8]) -> Fault {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let Ok(document) = Document::parse(text.trim_start()) else {
        return Fault::default();
    };
    let root = document.root_element();
    if root.tag_name().name() != "Error" {
        return Fault::default();
    }
    let action = root.descendants().find(|n| n.has_tag_name("AuthAction"));
    Fault {
        code: text_of(root, "Code").unwrap_or_default(),
        message: text_of(root, "Message"),
        request: text_of(root, "RequestId"),
        host: text_of(root, "HostId"),
        action: action.and_then(|n| n.text()).map(str::to_owned),
    }
}

fn decoded(text: &str) -> Option<String> {
    // Some write a space as a form has it.
    let text = text.replace('+', "%20");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// The text of a child; `None` when there is none.
fn text_of(node: Node<'_, '_>, name: &str) -> Option<String> {
    let child = node.children().find(|c| c.tag_name().name() == name)?;
    let text = child.text()?;
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_objects_is_read() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com"><Name>b</Name><Prefix>env%3A%2F</Prefix><EncodingType>url</EncodingType>
<MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated><NextMarker>env%3A%2Fb%2Fk</NextMarker>
<Contents><Key>env%3A%2Fa+b%2Fk</Key><LastModified>2026-11-22T07:00:00.000Z</LastModified><ETag>"x"</ETag><Size>7</Size></Contents>
<Contents><Key>env%3A%2Fb%2Fk</Key><Size>0</Size></Contents></ListBucketResult>"#;
        let page = page(text.as_bytes()).unwrap();
        let keys: Vec<&str> = page.items.iter().map(|i| i.key.as_str()).collect();
        assert_eq!(keys, ["env:/a b/k", "env:/b/k"]);
        assert_eq!(page.items[0].size, Some(7));
        assert!(page.items[0].modified.is_some());
        assert_eq!(page.next, Some(("env:/b/k".to_owned(), None)));
    }

    #[test]
    fn a_page_of_versions_is_read() {
        let text = r"<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>
<DeleteMarker><Key>k</Key><VersionId>v3</VersionId><IsLatest>true</IsLatest></DeleteMarker>
<Version><Key>k</Key><VersionId>null</VersionId><IsLatest>false</IsLatest><Size>1</Size></Version></ListVersionsResult>";
        let page = page(text.as_bytes()).unwrap();
        let seen: Vec<_> = page
            .items
            .iter()
            .map(|i| (i.version.as_deref(), i.latest, i.deleted))
            .collect();
        assert_eq!(
            seen,
            [(Some("v3"), true, true), (Some("null"), false, false)]
        );
        assert_eq!(page.next, Some(("k".to_owned(), Some("v1".to_owned()))));
    }

    #[test]
    fn what_is_no_list_is_said() {
        for text in [
            "",
            "<html/>",
            "<Error/>",
            "<ListBucketResult><Contents/></ListBucketResult>",
        ] {
            let error = page(text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unexpected, "{text}");
        }
        let last = page(b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
        assert_eq!(
            last.unwrap(),
            Page {
                items: Vec::new(),
                next: None
            }
        );
    }

    #[test]
    fn versioning_is_enabled_or_not() {
        for (text, kept) in [
            (
                "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
                true,
            ),
            (
                "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
                false,
            ),
            ("<VersioningConfiguration/>", false),
        ] {
            assert_eq!(is_versioned(text.as_bytes()).unwrap(), kept);
        }
        assert!(is_versioned(b"<html/>").is_err());
    }

    #[test]
    fn a_refusal_names_its_cause() {
        let text = "<?xml version='1.0' encoding='utf-8' ?>\n<Error><Code>AccessDenied</Code><Message>No.</Message><RequestId>5F</RequestId>\
            <HostId>b.oss</HostId><AccessDeniedDetail><AuthAction>oss:PutObject</AuthAction></AccessDeniedDetail></Error>";
        let told = fault(text.as_bytes());
        assert_eq!(
            (told.code.as_str(), told.action.as_deref()),
            ("AccessDenied", Some("oss:PutObject"))
        );
        assert_eq!(fault(b"<html>No</html>"), Fault::default());
        assert_eq!(fault(b"\xff"), Fault::default());
    }
}
