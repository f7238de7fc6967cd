export { FakeConnection, type FakeConnectionState } from './fake-connection.ts'
export { type FakeBehaviour, FakeCall, FakeSource, type FakeVerb } from './fake-source.ts'
export { ManualClock, type ManualClockOptions } from './manual-clock.ts'
