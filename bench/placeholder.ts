import * as connpool from 'connpool'

console.log(Object.keys(connpool))
