#!/usr/bin/env node
import { size } from 'connpool'

process.stdout.write(`connpool: the demo is not built yet (${size([])})\n`)
