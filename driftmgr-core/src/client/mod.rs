//! The public front door.
