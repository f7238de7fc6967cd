import type { webcrypto } from 'node:crypto'

// The types of effect speak of three things that browsers have as globals, and the types of Node do not.
declare global {
  type CryptoKey = webcrypto.CryptoKey
  type JsonWebKey = webcrypto.JsonWebKey
  type Storage = never
}
