#!/usr/bin/env node
import * as connpool from 'connpool'

process.stdout.write(`connpool: the demo is not built yet (${Object.keys(connpool)})\n`)
