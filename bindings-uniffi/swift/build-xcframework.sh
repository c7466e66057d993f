#!/bin/sh
# Makes DriftMgrFFI.xcframework and the Swift source that goes with it. Needs macOS with Xcode and the Rust targets named below.
set -eu
cd "$(dirname "$0")"
workspace=$(cd ../.. && pwd)
build=${CARGO_TARGET_DIR:-$workspace/target}
generated=$build/swift

targets="aarch64-apple-darwin aarch64-apple-ios aarch64-apple-ios-sim"
for target in $targets; do
    (cd "$workspace" && cargo rustc -p driftmgr-uniffi --lib --release --target "$target" --crate-type staticlib)
done

# Any of the libraries describes the interface.
(cd "$workspace" && cargo run -p uniffi-bindgen --features bindgen -- \
    generate --language swift --no-format --out-dir "$generated" \
    "$build/aarch64-apple-darwin/release/libdriftmgr_uniffi.a")

headers=$generated/headers
rm -rf "$headers" DriftMgrFFI.xcframework
mkdir -p "$headers"
mv "$generated"/*.h "$headers/"
cat "$generated"/*.modulemap > "$headers/module.modulemap"
mv "$generated"/*.swift Sources/DriftMgr/

set --
for target in $targets; do
    set -- "$@" -library "$build/$target/release/libdriftmgr_uniffi.a" -headers "$headers"
done
xcodebuild -create-xcframework "$@" -output DriftMgrFFI.xcframework
