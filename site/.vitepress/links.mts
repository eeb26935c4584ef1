import fs from 'node:fs'
import path from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import * as javadoc from './javadoc.mts'
import { address, pages, root } from './navigation.mts'

const repository = 'https://github.com/pastkv/pastkv'

/** The anchor that GitHub gives a heading, so that links to headings work in both places. */
export function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-')
}

/**
 * Links of documents lead to files of the repository. Those to pages of the site lead to the page, those to public
 * types, packages and modules to their Javadoc if it has been built, and others to the repository. A link to nothing
 * fails the build.
 */
export function repositoryLinks(md: MarkdownRenderer) {
  md.core.ruler.push('repository_links', state => {
    for (const token of state.tokens.flatMap(each => each.children ?? [])) {
      const name = token.type === 'link_open' ? 'href' : token.type === 'image' ? 'src' : undefined
      const target = name && token.attrGet(name)
      if (target && !/^([a-z]+:|#|\/)/.test(target)) {
        const address = resolve(state.env.realPath ?? state.env.path, target, token.type === 'image')
        token.attrSet(name, address)
        if (address.startsWith('/api/')) {
          // Otherwise the site's router looks for a document of this name.
          token.attrSet('target', '_self')
        }
      }
    }
  })
}

function resolve(document: string, target: string, isImage: boolean): string {
  const [file, hash] = target.split('#', 2)
  const fragment = hash === undefined ? '' : '#' + hash
  // Included parts of the README have links from the root.
  const found = [path.dirname(document), root].map(folder => path.resolve(folder, file)).find(fs.existsSync)
  if (!found) {
    throw new Error(`${document}: ${target} leads nowhere`)
  }
  const inRepository = path.relative(root, found)
  if (isImage) {
    return path.relative(path.dirname(document), found).replace(/^(?!\.)/, './')
  }
  if (inRepository === 'README.md' || pages.includes(inRepository)) {
    return address(inRepository) + fragment
  }
  const api = javadoc.address(inRepository)
  if (api) {
    return api
  }
  const kind = fs.statSync(found).isDirectory() ? 'tree' : 'blob'
  return `${repository}/${kind}/main/${inRepository}${fragment}`
}
