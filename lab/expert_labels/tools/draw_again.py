"""Draws excerpts that have no label yet: usage: make4.py ROUND SEED; batches go to /work/ann/in, shares to /work/ann/share-N.txt"""
import sys,random,json,collections,re,glob,importlib.machinery,importlib.util
l=importlib.machinery.SourceFileLoader('el','/work/main/lab/expert-labels');el=importlib.util.module_from_spec(importlib.util.spec_from_loader('el',l));l.exec_module(el)
rows=el.rows
D='/work/shared/data/'; ROUND=sys.argv[1]; rng=random.Random(int(sys.argv[2]))
devdocs=set(x.strip() for x in open(D+'expert/dev_documents.txt'))
taken=collections.defaultdict(list); gold={}
full=set();trained=[]
for p in ['train','train_corpus']:
    for r in rows(D+'expert/'+p+'.jsonl.zst'):
        gold[r['id']]=dict(r,set=p); (trained.append(r['id']) if re.search(r'#\d+-\d+$',r['id']) else full.add(r['id']))
texts_dev=set()
for p in ['dev','dev_corpus','dev_multilingual']:
    for r in rows(D+'expert/'+p+'.jsonl.zst'): devdocs.add(r['id'].rsplit('#',1)[0]); texts_dev.add(r['text'][:200])
def take(id):
    page,lines=id.rsplit('#',1); a,b=map(int,lines.split('-')); taken[page].append((a,b))
for i in trained: take(i)
for n in ('web','corpus','multi'):
    for x in open(f'/work/main/lab/expert_labels/{n}.jsonl'): take(json.loads(x)['id'])
for f in glob.glob('/work/ann/in/*.jsonl'):
    for x in open(f):
        r=json.loads(x)
        if not r.get('hidden'): take(r['id'])
def words(s): return len(s.split())+len(re.findall(r'[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]',s))//2
def excerpt(text,limit,gone):
    L=text.split('\n')
    if text.endswith('\n'): L=L[:-1]
    n=[words(l) for l in L]
    if not gone and sum(n)<=limit and len(L)<=180: return 0,len(L),True
    # free runs of lines
    busy=[False]*len(L)
    for a,b in gone:
        for i in range(a,min(b,len(L))): busy[i]=True
    runs=[];i=0
    while i<len(L):
        if busy[i]: i+=1; continue
        j=i
        while j<len(L) and not busy[j]: j+=1
        if sum(n[i:j])>=min(80,limit): runs.append((i,j))
        i=j
    if not runs: return None
    i,j=rng.choice(runs)
    start=i
    if rng.random()<0.6: start=rng.randrange(i,j)
    while start>i and sum(n[start:j])<limit*0.5: start=i+int((start-i)*0.7)
    b=start;w=0
    while b<j and w+n[b]<=limit and b-start<180: w+=n[b]; b+=1
    if b==start: b=start+1
    return start,b,False
def pick(path,count,cond=lambda r:True,limit=None,maxchars=6000,again=False):
    R=[r for r in rows(D+path+'.jsonl.zst') if r['id'] not in devdocs and r['text'].strip() and cond(r) and r['text'][:200] not in texts_dev and (r['id'] not in full or (again and 0)) and (again or r['id'] not in taken)]
    rng.shuffle(R); out=[];seen=collections.Counter()
    for r in R:
        if len(out)>=count: break
        host=(r.get('url') or '').split('/')[2:3]; key=host[0] if host else None
        if key and seen[key]>=4: continue
        lim=limit or rng.choice([200,400,600,600,600])
        e=excerpt(r['text'],lim,taken[r['id']] if r['id'] in taken else [])
        if e is None: continue
        a,b,whole=e
        L=r['text'].split('\n'); t='\n'.join(L[a:b])
        if b<len(L): t+='\n'
        if len(t)>maxchars or len(t.strip())<40: continue
        if key: seen[key]+=1
        out.append(dict(id=f"{r['id']}#{a}-{b}",source=r['source'],lang=r.get('lang'),page_type=r.get('page_type'),whole=whole,text=t))
    return out
lang=lambda *l:(lambda r:r.get('lang') in l)
web=[]
if ROUND=='4':
    for t,n in [('documentation',110),('forum',110),('collection',110),('service',110),('listing',110),('product',110),('article',60)]:
        web+=pick('human/wcxb',n,lambda r,t=t:r.get('lang')=='en' and r.get('page_type')==t,again=True)
    web+=pick('human/dragnet',150)+pick('human/cleaneval',150)+pick('human/l3s_gn1',60)+pick('corpus/formasaurus',30,lang('en'))
    corpus=pick('corpus/dclm_labelled',180)+pick('corpus/dclm_labelled',90,again=True)+pick('corpus/c4_snippets',330)+pick('corpus/wikidata_refs',110,lang('en'))+pick('corpus/fakenews_sample',50)+pick('corpus/cc_pages',60,lang('en'))+pick('corpus/hplt_excerpts',60,lang('en'))
    multi=[]
    for l_,n in [('sv',70),('fr',60),('de',20),('fi',12),('es',12)]: multi+=pick('human/turku_lines',n,lang(l_))
    for l_,n in [('ru',40),('pl',40),('zh',20)]: multi+=pick('human/daniel',n,lang(l_),maxchars=5000)
    multi+=pick('corpus/trafilatura_pages',50,lang('de'))+pick('corpus/trafilatura_pages',12,lang('es'))+pick('corpus/trafilatura_pages',6,lang('pl'))
    multi+=pick('human/zh_news',30,maxchars=3000)+pick('corpus/registers_multi',90,lang('fi','fr','sv','zh','pt','id','es','ru','de'),limit=300,maxchars=4000)
    multi+=pick('corpus/autopager',15,lang('es','ja','de','ru','nl'))+pick('corpus/formasaurus',20,lang('ru','fr','de','es'))
if ROUND!='4':
    again=lambda r:r.get('lang')=='en'
    for t,n in [('documentation',60),('forum',60),('collection',60),('service',60),('listing',60),('product',60),('article',80)]:
        web+=pick('human/wcxb',n,lambda r,t=t:r.get('lang')=='en' and r.get('page_type')==t,again=True)
    web+=pick('human/dragnet',330)+pick('human/cleaneval',200)+pick('human/l3s_gn1',120)+pick('human/fundus',30,lang('en'),again=True)+pick('corpus/trafilatura_pages',40,lang('en'),again=True)+pick('corpus/autopager',40,lang('en'),again=True)
    corpus=pick('corpus/dclm_labelled',99)+pick('corpus/dclm_labelled',150,again=True)+pick('corpus/c4_snippets',380)+pick('corpus/wikidata_refs',120,lang('en'))+pick('corpus/fakenews_sample',60,again=True)+pick('corpus/cc_pages',90,lang('en'),again=True)+pick('corpus/hplt_excerpts',60,lang('en'))+pick('corpus/ccnet_misc',30,lang('en'),again=True)
    multi=[]
    for l_,n in [('sv',70),('fr',40),('de',20),('fi',12),('es',12)]: multi+=pick('human/turku_lines',n,lang(l_),again=True)
    for l_,n in [('ru',40),('pl',40),('zh',20)]: multi+=pick('human/daniel',n,lang(l_),maxchars=5000)
    multi+=pick('corpus/trafilatura_pages',50,lang('de'))+pick('corpus/trafilatura_pages',20,lang('es','fr','pl','pt'),again=True)
    multi+=pick('human/zh_news',30,maxchars=3000)+pick('corpus/registers_multi',60,lang('fi','fr','sv','zh','pt','id','es','ru','de'),limit=300,maxchars=4000)
for name,S in [('web',web),('corpus',corpus),('multi',multi)]:
    rng.shuffle(S); print(name,len(S),sum(len(s['text']) for s in S),collections.Counter(s['source'] for s in S))
    hidden=[g for g in gold.values() if g['set']==('train_corpus' if name=='corpus' else 'train')]; rng.shuffle(hidden)
    batch=[];size=0;k=0;names=[]
    def flush():
        global batch,size,k
        if not batch: return
        docs=list(batch)
        if name!='multi' and k%2==0: docs.insert(rng.randrange(len(docs)+1),dict(hidden[k%len(hidden)],hidden=True))
        k+=1; f=f'{name}{ROUND}{k:03d}'; names.append(f)
        with open(f'/work/ann/in/{f}.jsonl','w') as o:
            for d in docs: o.write(json.dumps({x:d.get(x) for x in ('id','source','lang','page_type','whole','text','hidden')},ensure_ascii=False)+'\n')
        with open(f'/work/ann/in/{f}.txt','w') as o:
            for i,d in enumerate(docs,1):
                L=d['text'].split('\n')
                if d['text'].endswith('\n'): L=L[:-1]
                o.write(f"=== DOC {i}{' (excerpt of a longer page)' if not d['whole'] else ''}\n")
                for j,x in enumerate(L,1): o.write(f"{j}\t{x}\n")
        batch=[];size=0
    for s in S:
        batch.append(s); size+=len(s['text'])
        if size>24000 or len(batch)>=24: flush()
    flush(); print(name,k,'batches',names[0],names[-1])
json.dump({i:g['deletions'] for i,g in gold.items()},open('/tmp/gold.json','w'))
ex=[g for g in gold.values() if g['set']=='train' and 1200<len(g['text'])<3600]; rng.shuffle(ex)
ec=[g for g in gold.values() if g['set']=='train_corpus' and 400<len(g['text'])<2500 and 'remove_str' in g['program']]; rng.shuffle(ec)
with open('/work/ann/examples.txt','w') as o:
    for i,d in enumerate(ex[:9]+ec[:6],1):
        L=d['text'].split('\n')
        if d['text'].endswith('\n'): L=L[:-1]
        o.write(f"=== DOC {i}{' (excerpt of a longer page)' if not d.get('whole',True) else ''}\n")
        for j,x in enumerate(L,1): o.write(f"{j}\t{x}\n")
        o.write('--- PROGRAM\n'+d['program']+'\n')
