//! Messages of the provider plugin protocol.
