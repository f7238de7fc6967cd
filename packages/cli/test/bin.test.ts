import { test } from 'node:test'

test.todo('the demo prints its table')
