mod answers;
mod files;
mod model;
mod pruned;
mod recorded;
mod support;
