import fs from 'node:fs'
import path from 'node:path'
import { root } from './navigation.mts'

/** Where a build with -Dquick leaves the Javadoc of a module; the root's is that of all modules with a module-info. */
const reports = 'target/quick/reports/apidocs'

const all = path.join(root, reports)

/** Published modules without a module-info, whose Javadoc stands by itself, and their names in the menu. */
const alone: Record<string, string> = { langchain4j: 'LangChain4j', 'spring-ai': 'Spring AI', spark: 'Apache Spark' }

/** What has been built: where it lies, its folder in the site, its name in the menu. */
const built = [
  { from: all, to: '', text: 'Modules' },
  ...Object.entries(alone).map(([module, text]) => ({ from: path.join(root, module, reports), to: module, text }))
].filter(({ from }) => fs.existsSync(path.join(from, 'index.html')))

/** Copies the Javadoc into a folder of the site. */
export function copyTo(target: string) {
  built.forEach(({ from, to }) => fs.cpSync(from, path.join(target, to), { recursive: true }))
}

/** The entry of the Javadoc in the navigation: none unless it has been built. Its pages are not the router's. */
export const menu = built.length === 0 ? [] : [{
  text: 'Javadoc',
  items: built.map(({ to, text }) => ({ text, link: path.posix.join('/api', to, 'index.html'), target: '_self' }))
}]

/** The address of the page of a public type, a package or a module, or undefined if the Javadoc has none for this source. */
export function address(source: string): string | undefined {
  const [, module, name] = source.match(/^([\w-]+)\/src\/main\/java\/(.+)\.java$/) ?? []
  if (!name) {
    return undefined
  }
  const page = name.replace(/(package|module)-info$/, '$1-summary')
  if (module in alone) {
    return fs.existsSync(path.join(root, module, reports, `${page}.html`)) ? `/api/${module}/${page}.html` : undefined
  }
  const info = path.join(root, module, 'src/main/java/module-info.java')
  const declaration = fs.existsSync(info) ? fs.readFileSync(info, 'utf8') : ''
  const file = `${declaration.match(/^(?:open )?module ([\w.]+)/m)?.[1]}/${page}.html`
  return fs.existsSync(path.join(all, file)) ? `/api/${file}` : undefined
}
