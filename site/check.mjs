// Checks the built site: every link within it leads to a page and to an anchor of that page, and every image exists.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('dist', import.meta.url))
const base = process.env.SITE_BASE ?? '/'
const pages = fs.readdirSync(dist, { recursive: true }).filter(file => file.endsWith('.html') && !file.startsWith('api/'))
const texts = new Map()

function text(file) {
  if (!texts.has(file)) {
    texts.set(file, fs.existsSync(file) && fs.statSync(file).isFile() ? fs.readFileSync(file, 'utf8') : undefined)
  }
  return texts.get(file)
}

function fault(page, target) {
  const url = new URL(target.replaceAll('&amp;', '&'), 'http://site' + base + page)
  if (url.origin !== 'http://site') {
    return undefined
  }
  if (!url.pathname.startsWith(base)) {
    return 'is outside the site'
  }
  let file = path.join(dist, decodeURIComponent(url.pathname.slice(base.length)))
  file = fs.existsSync(file) && fs.statSync(file).isDirectory() ? path.join(file, 'index.html') : file
  const found = text(file)
  if (found === undefined) {
    return 'leads nowhere'
  }
  const id = decodeURIComponent(url.hash.slice(1))
  return id && !found.includes(`id="${id}"`) ? 'names no anchor' : undefined
}

let numLinks = 0
const faults = []
for (const page of pages) {
  for (const [, target] of text(path.join(dist, page)).matchAll(/(?:href|src)="([^"]+)"/g)) {
    numLinks++
    const problem = fault(page, target)
    if (problem) {
      faults.push(`${page}: ${target} ${problem}`)
    }
  }
}
console.log(`${pages.length} pages, ${numLinks} links`)
if (faults.length > 0 || numLinks < 1000) {
  console.error(faults.join('\n') || 'too few links')
  process.exit(1)
}
