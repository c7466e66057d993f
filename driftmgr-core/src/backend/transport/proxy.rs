//! Which proxy a request goes through, by the variables that Go's HTTP client reads, and so Terraform and OpenTofu
//! (<https://pkg.go.dev/golang.org/x/net/http/httpproxy>).

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;
use url::Host;

use crate::env::{Environment, HTTP_PROXY, HTTPS_PROXY, NO_PROXY};
use crate::error::{Error, ErrorKind, Result};

/// The proxies of an environment. No `Debug`: their addresses can hold passwords.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    none_for: Vec<Exception>,
}

/// What is reached without a proxy.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Exception {
    Everything,
    Network(IpNet),
    Address(IpAddr, Option<u16>),
    /// With its dot: names below the domain, and the domain itself unless only what is below was meant.
    Domain {
        suffix: String,
        itself: bool,
        port: Option<u16>,
    },
}

impl Proxies {
    /// Reads the variables, in capital letters first.
    ///
    /// # Errors
    /// `InvalidConfig` naming the variable that holds no address of a proxy.
    pub(super) fn of_environment(environment: &Environment) -> Result<Self> {
        let either = |name: &str| {
            environment
                .get(name)
                .or_else(|| environment.get(&name.to_ascii_lowercase()))
        };
        let proxy = |name: &'static str| either(name).map(|v| parse(name, v)).transpose();
        Ok(Self {
            http: proxy(HTTP_PROXY)?,
            https: proxy(HTTPS_PROXY)?,
            none_for: either(NO_PROXY)
                .unwrap_or_default()
                .split(',')
                .filter_map(Exception::parse)
                .collect(),
        })
    }

    /// The proxy for a URL. This machine is always asked directly.
    pub(super) fn of(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "https" => self.https.as_ref()?,
            _ => self.http.as_ref()?,
        };
        let port = url.port_or_known_default();
        let direct = match url.host()? {
            Host::Domain("localhost") => true,
            Host::Domain(name) => {
                let name = format!(".{}", name.trim_end_matches('.'));
                self.none_for.iter().any(|e| e.has_name(&name, port))
            }
            Host::Ipv4(ip) => self.is_direct(IpAddr::V4(ip), port),
            Host::Ipv6(ip) => self.is_direct(IpAddr::V6(ip), port),
        };
        (!direct).then_some(proxy)
    }

    fn is_direct(&self, ip: IpAddr, port: Option<u16>) -> bool {
        ip.is_loopback() || self.none_for.iter().any(|e| e.has_address(ip, port))
    }
}

/// A whole URL, or `HOST:PORT` of an HTTP proxy.
fn parse(variable: &'static str, value: &str) -> Result<Url> {
    let value = value.trim();
    let whole = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let known = ["http", "https", "socks5", "socks5h"];
    let url: Option<Url> = whole.parse().ok();
    url.filter(|u| known.contains(&u.scheme()) && u.has_host())
        .ok_or_else(|| {
            // The value can hold a password.
            Error::new(
                ErrorKind::InvalidConfig,
                format!("{variable} does not hold the address of a proxy"),
            )
            .with_hint(
                "such as http://proxy.example.com:3128; https, socks5 and socks5h are known, too",
            )
        })
}

impl Exception {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if text.is_empty() {
            return None;
        }
        if text == "*" {
            return Some(Self::Everything);
        }
        if let Ok(network) = text.parse() {
            return Some(Self::Network(network));
        }
        let bare = |t: &str| t.trim_matches(['[', ']']).parse().ok();
        if let Some(ip) = bare(&text) {
            return Some(Self::Address(ip, None));
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name.to_owned(), Some(port.parse().ok()?)),
            None => (text, None),
        };
        if let Some(ip) = bare(&name) {
            return Some(Self::Address(ip, port));
        }
        let name = name.strip_prefix('*').unwrap_or(&name);
        Some(match name.strip_prefix('.') {
            Some(_) => Self::Domain {
                suffix: name.to_owned(),
                itself: false,
                port,
            },
            None => Self::Domain {
                suffix: format!(".{name}"),
                itself: true,
                port,
            },
        })
    }

    /// `name` begins with a dot.
    fn has_name(&self, name: &str, at: Option<u16>) -> bool {
        match self {
            Self::Everything => true,
            Self::Domain {
                suffix,
                itself,
                port,
            } => {
                name.ends_with(suffix)
                    && (*itself || name.len() > suffix.len())
                    && (port.is_none() || *port == at)
            }
            Self::Network(_) | Self::Address(..) => false,
        }
    }

    fn has_address(&self, ip: IpAddr, at: Option<u16>) -> bool {
        match self {
            Self::Everything => true,
            Self::Network(network) => network.contains(&ip),
            Self::Address(address, port) => *address == ip && (port.is_none() || *port == at),
            Self::Domain { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let environment = Environment::from_variables(variables.iter().copied());
        Proxies::of_environment(&environment).unwrap()
    }

    fn of(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.of(&url.parse().unwrap()).map(Url::to_string)
    }

    #[test]
    fn each_scheme_has_its_own() {
        let both = proxies(&[
            ("HTTP_PROXY", "one:80"),
            ("http_proxy", "not-this-one:80"),
            ("https_proxy", "socks5://two:1080"),
        ]);
        assert_eq!(of(&both, "http://x/").unwrap(), "http://one/");
        assert_eq!(of(&both, "https://x/").unwrap(), "socks5://two:1080");
        assert_eq!(of(&proxies(&[]), "https://x/"), None);
        let one = proxies(&[("HTTPS_PROXY", "one")]);
        assert_eq!(of(&one, "http://x/"), None);
    }

    #[test]
    fn exceptions_are_those_of_go() {
        for (exceptions, url, direct) in [
            ("", "http://x/", false),
            ("", "http://localhost:8080/", true),
            ("", "http://127.0.0.1/", true),
            ("", "http://127.9.9.9/", true),
            ("", "http://[::1]:1/", true),
            ("*", "http://x/", true),
            ("*", "http://10.0.0.1/", true),
            ("example.com", "http://example.com/", true),
            ("example.com", "http://a.EXAMPLE.com/", true),
            ("example.com", "http://notexample.com/", false),
            (".example.com", "http://example.com/", false),
            (".example.com", "http://a.example.com/", true),
            ("*.example.com", "http://a.example.com/", true),
            ("example.com:81", "http://example.com/", false),
            ("example.com:80", "http://example.com/", true),
            ("a, example.com ,b", "http://example.com./", true),
            ("10.0.0.0/8", "http://10.1.2.3/", true),
            ("10.0.0.0/8", "http://11.1.2.3/", false),
            ("10.0.0.1", "http://10.0.0.1:99/", true),
            ("10.0.0.1:98", "http://10.0.0.1:99/", false),
            ("fd00::1", "http://[fd00::1]/", true),
            ("[fd00::1]:80", "http://[fd00::1]/", true),
            ("10.0.0.0/8", "http://ten/", false),
        ] {
            let proxies = proxies(&[("HTTP_PROXY", "p:1"), ("NO_PROXY", exceptions)]);
            assert_eq!(of(&proxies, url).is_none(), direct, "{exceptions} {url}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_password() {
        for value in [
            "ftp://u:hunter2@p",
            "http://u:hunter2@",
            "://hunter2",
            "u:hunter2@p:x",
        ] {
            let environment = Environment::from_variables([("https_proxy", value)]);
            let Err(error) = Proxies::of_environment(&environment) else {
                panic!("{value} was taken");
            };
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(error.message().starts_with("HTTPS_PROXY "), "{error}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
