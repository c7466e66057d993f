//! Terraform's language: root modules read with file:line, provider blocks evaluated.
