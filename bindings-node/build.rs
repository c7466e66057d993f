//! Tells the linker what Node.js itself provides.

fn main() {
    napi_build::setup();
}
