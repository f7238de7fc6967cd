import { parseSync } from 'oxc-parser'

/** One small fault in one file. */
export interface Mutant {
  /** The file below src, without its ending: `core/policy`. */
  readonly file: string
  /** The member or function that it is in. */
  readonly where: string
  /** What was there, and what is there instead; deleted code is nothing. */
  readonly from: string
  readonly to: string
  /** Which of those that look the same, from 1. */
  readonly nth: number
  readonly start: number
  readonly end: number
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

type Put = (node: Node, to: string) => void

/** Statements that can be left out without the file breaking at once. */
const deletable = new Set([
  'ExpressionStatement',
  'IfStatement',
  'ReturnStatement',
  'ForStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
  'BreakStatement',
  'ContinueStatement',
  'ThrowStatement',
])

/** What is as near as can be. */
const neighbours: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
}

/** Every fault of these kinds in a file: a statement left out, a condition turned, a boundary moved. */
export function mutantsOf(file: string, code: string): Mutant[] {
  const found: Mutant[] = []
  const seen = new Map<string, number>()
  const walk = (node: Node, where: string): void => {
    const here = nameOf(node, where)
    if (here !== '')
      mutate(node, code, (at, to) => {
        const from = code.slice(at.start, at.end)
        const key = JSON.stringify([here, from, to])
        const nth = (seen.get(key) ?? 0) + 1
        seen.set(key, nth)
        found.push({ file, where: here, from, to, nth, start: at.start, end: at.end })
      })
    for (const child of childrenOf(node)) walk(child, here)
  }
  const { program, errors } = parseSync(`${file}.js`, code)
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0]?.message}`)
  walk(program as unknown as Node, '') // Its nodes all have a type and a place.
  return found
}

/** The file with the fault in it. */
export function applied({ start, end, to }: Mutant, code: string): string {
  return code.slice(0, start) + to + code.slice(end)
}

function mutate(node: Node, code: string, put: Put): void {
  const text = ({ start, end }: Node) => code.slice(start, end)
  if (deletable.has(node.type)) put(node, ';')
  switch (node.type) {
    case 'IfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'ForStatement':
    case 'ConditionalExpression': {
      const test = node.test as Node | null // Those five have one; that of a `for` may be missing.
      if (test !== null) put(test, `!(${text(test)})`)
      return
    }
    case 'LogicalExpression':
    case 'BinaryExpression': {
      const [left, right] = [node.left as Node, node.right as Node] // Both kinds have them.
      const operator = String(node.operator)
      const near = neighbours[operator]
      const whole = `${text(left)} ${near} ${text(right)}`
      // What binds less would else fall apart in a chain.
      if (near !== undefined) put(node, near === '||' ? `(${whole})` : whole)
      if (node.type !== 'LogicalExpression') return
      put(node, text(left))
      put(node, text(right))
      return
    }
    case 'UpdateExpression':
      put(
        node,
        text(node).includes('++') ? text(node).replace('++', '--') : text(node).replace('--', '++'),
      )
      return
    case 'UnaryExpression':
      if (node.operator === '!') put(node, text(node.argument as Node))
      return
    case 'AssignmentExpression':
      if (node.operator === '+=') put(node, text(node).replace('+=', '-='))
      return
    case 'MemberExpression': {
      const swapped = { 'Math.min': 'Math.max', 'Math.max': 'Math.min' }[text(node)]
      if (swapped !== undefined) put(node, swapped)
      return
    }
    default:
      return
  }
}

/** The class, its member, the function or the constant that a node begins. */
function nameOf(node: Node, where: string): string {
  switch (node.type) {
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return nameOfKey(node.key as Named, where) // Both have one.
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return (node.id as Named).name ?? where // In a script they have names.
    case 'VariableDeclarator':
      return where === '' ? nameOfKey(node.id as Named, where) : where
    case 'AssignmentExpression':
      return where === '' ? nameOfExport(node.left as Member, where) : where // It has a left side.
    default:
      return where
  }
}

interface Named {
  readonly type: string
  readonly name?: string
}

interface Member extends Node {
  readonly object?: Named
  readonly property?: Named
}

function nameOfKey({ type, name }: Named, where: string): string {
  if (name === undefined) return where
  return type === 'PrivateIdentifier' ? `#${name}` : name
}

/** A constant that is exported is assigned to `exports.name`. */
function nameOfExport({ object, property }: Member, where: string): string {
  return object?.name === 'exports' ? (property?.name ?? where) : where
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}
