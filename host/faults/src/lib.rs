//! A preload library for tests: between a program and the disk, it writes down every write, sync and name, or makes them fail.
//! It is no part of what users run, decides nothing about what a test means, and is never linked.
//!
//! It is steered by the environment of the program that it is loaded into (`LD_PRELOAD`):
//!
//! | variable | says |
//! |---|---|
//! | `PROCESSION_FAULTS_FOLDER` | below which folder files are watched |
//! | `PROCESSION_FAULTS_RECORD` | into which file everything is recorded, in the order in which it happened |
//! | `PROCESSION_FAULTS_CONTROL` | which file says what is to fail; it is read again at every call |
//!
//! What the control file may say is written in `refusals`, how a record looks in `recording`.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "it stands in the place of functions of the C library, which deal in pointers")]

mod calls;
mod names;
mod recording;
mod refusals;
mod watch;
