import fs from 'node:fs'
import path from 'node:path'
import { root } from './navigation.mts'

/** The Javadoc of all modules, if it has been built: the site then has it under /api/. */
export const folder = path.join(root, 'target/reports/apidocs')

export const isBuilt = fs.existsSync(path.join(folder, 'index.html'))

/** The address of a public type's page, or undefined if the Javadoc has none for this source. */
export function address(source: string): string | undefined {
  const [, module, type] = source.match(/^([\w-]+)\/src\/main\/java\/(.+)\.java$/) ?? []
  if (!isBuilt || !type) {
    return undefined
  }
  const declaration = fs.readFileSync(path.join(root, module, 'src/main/java/module-info.java'), 'utf8')
  const page = `${declaration.match(/^(?:open )?module ([\w.]+)/m)?.[1]}/${type}.html`
  return fs.existsSync(path.join(folder, page)) ? `/api/${page}` : undefined
}
