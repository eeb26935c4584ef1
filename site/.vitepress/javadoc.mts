import fs from 'node:fs'
import path from 'node:path'
import { root } from './navigation.mts'

/** Where a build with -Dquick leaves the Javadoc of a module; the root's is that of all modules with a module-info. */
const reports = 'target/quick/reports/apidocs'

const all = path.join(root, reports)

/** Published modules without a module-info, whose Javadoc stands by itself. */
const alone = ['langchain4j', 'spring-ai', 'spark']

const isBuilt = (folder: string) => fs.existsSync(path.join(folder, 'index.html'))

/** Copies the Javadoc, if it has been built, into a folder of the site. */
export function copyTo(target: string) {
  for (const [folder, name] of [[all, ''], ...alone.map(module => [path.join(root, module, reports), module])]) {
    if (isBuilt(folder)) {
      fs.cpSync(folder, path.join(target, name), { recursive: true })
    }
  }
}

/** The address of a public type's page, or undefined if the Javadoc has none for this source. */
export function address(source: string): string | undefined {
  const [, module, type] = source.match(/^([\w-]+)\/src\/main\/java\/(.+)\.java$/) ?? []
  if (!type) {
    return undefined
  }
  if (alone.includes(module)) {
    return fs.existsSync(path.join(root, module, reports, `${type}.html`)) ? `/api/${module}/${type}.html` : undefined
  }
  const file = path.join(root, module, 'src/main/java/module-info.java')
  const declaration = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  const page = `${declaration.match(/^(?:open )?module ([\w.]+)/m)?.[1]}/${type}.html`
  return fs.existsSync(path.join(all, page)) ? `/api/${page}` : undefined
}
