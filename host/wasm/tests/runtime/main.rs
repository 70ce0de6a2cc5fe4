//! The runtime against small components that are written for one purpose each: one that answers, one that loops, one that lies.

mod calls;
mod folder;
mod guest;
mod loading;
mod paces;
mod roles;
mod sharing;
mod upcasting;
