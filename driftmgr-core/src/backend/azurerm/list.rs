//! Lists of blobs (<https://learn.microsoft.com/rest/api/storageservices/list-blobs>).

use std::time::SystemTime;

use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node};

use crate::error::{Error, ErrorKind, Result};

/// A page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// Where the next page begins; `None` on the last one.
    pub(super) next: Option<String>,
}

/// A blob, a version of it or a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) snapshot: Option<String>,
    pub(super) version: Option<String>,
    /// A version that is not the current one.
    pub(super) former: bool,
    pub(super) size: u64,
    /// In base64.
    pub(super) md5: Option<String>,
    pub(super) modified: Option<SystemTime>,
}

/// Reads a page.
///
/// # Errors
/// `Unexpected` for anything else.
pub(super) fn page(body: &[u8]) -> Result<Page> {
    let wrong = || Error::new(ErrorKind::Unexpected, "the store's list of blobs is none");
    let text = std::str::from_utf8(body).map_err(|_| wrong())?;
    // Some servers write a byte order mark.
    let document = Document::parse(text.trim_start_matches('\u{feff}')).map_err(|_| wrong())?;
    let root = document.root_element();
    if !root.has_tag_name("EnumerationResults") {
        return Err(wrong());
    }
    let blobs = child(root, "Blobs").ok_or_else(wrong)?;
    let items = blobs
        .children()
        .filter(|node| node.has_tag_name("Blob"))
        .map(|node| item(node).ok_or_else(wrong))
        .collect::<Result<_>>()?;
    Ok(Page {
        items,
        next: text_of(root, "NextMarker"),
    })
}

fn item(node: Node<'_, '_>) -> Option<Item> {
    let name = child(node, "Name")?;
    let text = name.text().unwrap_or_default();
    // Names that XML cannot hold are encoded.
    let name = match name.attribute("Encoded") {
        Some("true") => percent_decode_str(text).decode_utf8().ok()?.into_owned(),
        _ => text.to_owned(),
    };
    let properties = child(node, "Properties")?;
    let snapshot = text_of(node, "Snapshot");
    let version = text_of(node, "VersionId");
    let current = text_of(node, "IsCurrentVersion").as_deref() == Some("true");
    Some(Item {
        name,
        former: version.is_some() && !current && snapshot.is_none(),
        snapshot,
        version,
        size: text_of(properties, "Content-Length")?.parse().ok()?,
        md5: text_of(properties, "Content-MD5"),
        modified: text_of(properties, "Last-Modified")
            .and_then(|text| httpdate::parse_http_date(&text).ok()),
    })
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn text_of(node: Node<'_, '_>, name: &str) -> Option<String> {
    let text = child(node, name)?.text()?;
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let text = r#"<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="https://a.blob.core.windows.net/" ContainerName="tf"><Prefix>k</Prefix><Blobs>
<Blob><Name>k</Name><Snapshot>2026-11-22T02:00:00.0000000Z</Snapshot><Properties><Last-Modified>Sun, 22 Nov 2026 02:00:00 GMT</Last-Modified>
<Etag>0x1</Etag><Content-Length>7</Content-Length><Content-MD5>YQ==</Content-MD5></Properties></Blob>
<Blob><Name>k</Name><VersionId>2026-11-22T02:01:00.0000000Z</VersionId><Properties><Content-Length>8</Content-Length><Content-MD5 /></Properties></Blob>
<Blob><Name>k</Name><VersionId>2026-11-22T02:02:00.0000000Z</VersionId><IsCurrentVersion>true</IsCurrentVersion><Properties><Content-Length>9</Content-Length></Properties></Blob>
<Blob><Name Encoded="true">k%EF%BF%BE&amp;</Name><Properties><Content-Length>0</Content-Length></Properties></Blob>
</Blobs><NextMarker>more</NextMarker></EnumerationResults>"#;
        let page = page(text.as_bytes()).unwrap();
        assert_eq!(page.next.as_deref(), Some("more"));
        let seen: Vec<_> = page
            .items
            .iter()
            .map(|i| {
                (
                    i.name.as_str(),
                    i.snapshot.is_some(),
                    i.version.is_some(),
                    i.former,
                    i.size,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("k", true, false, false, 7),
                ("k", false, true, true, 8),
                ("k", false, true, false, 9),
                ("k\u{fffe}&", false, false, false, 0),
            ]
        );
        assert_eq!(page.items[0].md5.as_deref(), Some("YQ=="));
        assert_eq!(page.items[1].md5, None);
        assert!(page.items[0].modified.is_some());
    }

    #[test]
    fn the_last_page_and_what_is_none() {
        let last = "\u{feff}<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>";
        let empty = Page {
            items: Vec::new(),
            next: None,
        };
        assert_eq!(page(last.as_bytes()).unwrap(), empty);
        for text in [
            "",
            "<html/>",
            "<EnumerationResults/>",
            "<EnumerationResults><Blobs><Blob/></Blobs></EnumerationResults>",
        ] {
            assert_eq!(
                page(text.as_bytes()).unwrap_err().kind(),
                ErrorKind::Unexpected,
                "{text}"
            );
        }
    }
}
