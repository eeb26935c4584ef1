import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository, whose documents are the pages. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

interface Section {
  title: string
  collapsed?: boolean
  pages: string[]
}

interface Navigation {
  start: string
  sections: Section[]
  elsewhere: string[]
}

const navigation: Navigation = JSON.parse(fs.readFileSync(path.join(root, 'site/navigation.json'), 'utf8'))

/** An entry that ends with a slash stands for all documents of that folder. */
function expand(entry: string): string[] {
  if (!entry.endsWith('/')) {
    return [entry]
  }
  const files = fs.readdirSync(path.join(root, entry)).filter(file => file.endsWith('.md'))
  return files.sort().map(file => entry + file)
}

/** Documents of the site, by their paths in the repository. */
export const pages = ['site/index.md', ...navigation.sections.flatMap(section => section.pages.flatMap(expand))]

/** The address of a page: its path in the repository, except that the pages of this folder lie at the top. */
export function address(page: string): string {
  return page === 'README.md' ? address(navigation.start) : '/' + page.replace(/^site\//, '')
}

function title(page: string): string {
  const heading = fs.readFileSync(path.join(root, page), 'utf8').match(/^# (.+)$/m)
  if (!heading) {
    throw new Error(`${page}: no heading of level 1`)
  }
  return heading[1].replaceAll('`', '')
}

export const sidebar = navigation.sections.map(section => ({
  text: section.title,
  collapsed: section.collapsed ?? false,
  items: section.pages.flatMap(expand).map(page => ({ text: title(page), link: address(page) }))
}))
