#!/usr/bin/env node
'use strict';

// The command line of driftmgr, linked into the native half. It writes to the streams itself, so that nothing here touches them.
const { runCommandLine } = require('../dist/command.js');

process.exit(runCommandLine(process.argv.slice(2)));
