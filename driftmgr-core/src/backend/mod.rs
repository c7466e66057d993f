//! Backends move state bytes. They know locking and versions, never what the bytes mean.
