//! Revision files.
