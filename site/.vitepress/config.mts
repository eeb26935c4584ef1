import path from 'node:path'
import { defineConfig } from 'vitepress'
import * as javadoc from './javadoc.mts'
import { anchor, repositoryLinks } from './links.mts'
import { root, sidebar } from './navigation.mts'

// The documents of the repository are the pages: nothing is copied. SITE_BASE is the path of the site on its host.
export default defineConfig({
  title: 'PastKV',
  description: 'A paged KV cache, an inference engine and an interpretability toolkit for the JVM.',
  lang: 'en-US',
  base: process.env.SITE_BASE ?? '/',
  srcDir: '..',
  srcExclude: ['**/{src,target,node_modules}/**', '{tools,testkit,model,examples,.github,.devcp}/**', 'README.md'],
  rewrites: { 'site/:page.md': ':page.md' },
  outDir: 'dist',
  cacheDir: 'node_modules/.vitepress-cache',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: (process.env.SITE_BASE ?? '/') + 'icon.svg' }]],
  lastUpdated: false,
  markdown: {
    theme: { light: 'github-light', dark: 'github-dark' },
    anchor: { slugify: anchor },
    config: repositoryLinks
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'JVM', link: '/jvm' },
      { text: 'Research', link: '/research' },
      { text: 'Engines', link: '/engine' },
      { text: 'API', link: '/api' },
      ...javadoc.menu
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: 'https://github.com/pastkv/pastkv' }],
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'Apache License 2.0' }
  },
  buildEnd(site) {
    javadoc.copyTo(path.join(site.outDir, 'api'))
  },
  vite: {
    publicDir: 'site/public',
    // Pages lie outside this folder, where Vue is not found by itself.
    resolve: {
      alias: [
        { find: /^vue\/server-renderer$/, replacement: path.join(root, 'site/node_modules/vue/server-renderer/index.mjs') },
        { find: /^vue$/, replacement: path.join(root, 'site/node_modules/vue/dist/vue.runtime.esm-bundler.js') }
      ]
    }
  }
})
